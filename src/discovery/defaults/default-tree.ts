import { isObject } from '../../kubernetes/objects/resource.ts'
import { readKey } from '../classify/key.ts'

/** What a schema sets by default, and nothing else of it. */
export interface DefaultTree {
  readonly value?: unknown
  readonly properties?: ReadonlyMap<string, DefaultTree>
  readonly items?: DefaultTree
  readonly others?: DefaultTree
}

/** Deeper than any schema that an API server takes. */
const MAX_DEPTH = 64

/** The defaults of a schema; undefined where it has none. */
export function defaultTree(schema: unknown, depth = 0): DefaultTree | undefined {
  if (!isObject(schema) || depth > MAX_DEPTH) return undefined
  const properties = new Map<string, DefaultTree>()
  if (isObject(schema.properties)) {
    for (const [key, property] of Object.entries(schema.properties)) {
      const tree = key === '__proto__' ? undefined : defaultTree(property, depth + 1)
      if (tree) properties.set(key, tree)
    }
  }
  const items = defaultTree(schema.items, depth + 1)
  const others = defaultTree(schema.additionalProperties, depth + 1)
  const hasValue = schema.default !== undefined && schema.default !== null
  if (!hasValue && properties.size === 0 && !items && !others) return undefined
  return {
    ...(hasValue && { value: schema.default }),
    ...(properties.size > 0 && { properties }),
    ...(items && { items }),
    ...(others && { others }),
  }
}

const PARTS: ReadonlySet<string> = new Set(['image', 'images', 'repository', 'registry', 'tag', 'version', 'digest'])

/** Whether a default may be an image or a part of one. */
export function mayNameImage({ value, properties, items, others }: DefaultTree): boolean {
  if (value !== undefined && hasPart(value)) return true
  for (const [key, tree] of properties ?? []) {
    if ((PARTS.has(readKey(key).role) && tree.value !== undefined) || mayNameImage(tree)) return true
  }
  return (items !== undefined && mayNameImage(items)) || (others !== undefined && mayNameImage(others))
}

function hasPart(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasPart)
  return isObject(value) && Object.entries(value).some(([key, child]) => PARTS.has(readKey(key).role) || hasPart(child))
}

/** A value with its defaults, as the API server fills them in: where the map that they belong to is there. */
export function withDefaults(tree: DefaultTree, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = tree
    return items ? value.map((item: unknown) => withDefaults(items, item)) : value
  }
  if (!isObject(value)) return value
  const filled: Record<string, unknown> = { ...value }
  const { others } = tree
  if (others) {
    for (const [key, child] of Object.entries(value)) {
      if (!tree.properties?.has(key)) filled[key] = withDefaults(others, child)
    }
  }
  for (const [key, property] of tree.properties ?? []) {
    const child = value[key] ?? property.value
    if (child !== undefined) filled[key] = withDefaults(property, child)
  }
  return filled
}
