import { formatPath, valueAt } from '../documents/path.ts'
import { checkFields } from './fields/check-fields.ts'

/**
 * Why something is no Pod as an API server gives it: it has no name, or a field that is read of live pods is of another
 * type. What a newer API has beside them is none of its business.
 */
export function livePodProblem(value: Readonly<Record<string, unknown>>): string | undefined {
  const problem = checkFields(value, 'LivePod', []).find(({ isStrange }) => !isStrange)
  if (problem) return `${formatPath(problem.path)} ${problem.message}`
  return valueAt(value, ['metadata', 'name']) ? undefined : 'metadata.name is missing'
}
