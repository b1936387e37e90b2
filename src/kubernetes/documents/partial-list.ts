import { valueAt } from './path.ts'

/**
 * What says that a list of an API server is one page of several, for people; undefined for whatever is whole. kubectl reads
 * every page, a request with a limit gets one. Source: kubernetes, meta/v1 ListMeta.continue.
 */
export function partialListProblem(value: unknown): string | undefined {
  const next = valueAt(value, ['metadata', 'continue'])
  if (typeof next !== 'string' || next === '' || !Array.isArray(valueAt(value, ['items']))) return undefined
  const left = valueAt(value, ['metadata', 'remainingItemCount'])
  const count = typeof left === 'number' ? `${left} more` : 'more'
  return `one page of a list, of which the server has ${count} (metadata.continue)`
}
