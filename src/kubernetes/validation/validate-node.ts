import { formatPath, type Path, valueAt } from '../documents/path.ts'
import { isObject } from '../objects/resource.ts'
import { checkFields } from './fields/check-fields.ts'

/** Why something is no Node as an API server gives it: it has no name, or a field that is read of nodes is of another type. */
export function nodeProblem(value: Readonly<Record<string, unknown>>): string | undefined {
  const { status } = value
  const [problem] = checkFields(value, 'Node', [])
  if (problem) return `${formatPath(problem.path)} ${problem.message}`
  if (!valueAt(value, ['metadata', 'name'])) return 'metadata.name is missing'
  const at = isObject(status) ? imageProblem(status.images) : undefined
  return (
    at &&
    `${formatPath(['status', 'images', ...at])} is no ${at.length > 0 ? 'image with its names' : 'list of images'}`
  )
}

/** Where what a node lists is not as it should be. By hand: a node lists fifty images, and a cluster has many nodes. */
function imageProblem(images: unknown): Path | undefined {
  if (images === undefined || images === null) return undefined
  if (!Array.isArray(images)) return []
  const wrong = images.findIndex((image: unknown) => {
    if (!isObject(image)) return true
    const { names } = image
    if (names === undefined || names === null) return false
    return !Array.isArray(names) || names.some((name) => typeof name !== 'string')
  })
  return wrong < 0 ? undefined : [wrong]
}
