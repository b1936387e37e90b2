import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'

/**
 * What the schemas of a CustomResourceDefinition set by default, as an object of the shape that a resource would have,
 * and for each path of it the path to the default in the definition. Lists have one entry.
 */
export function schemaDefaults(definition: unknown): { value: unknown; pathOf: (path: Path) => Path }[] {
  return schemasOf(definition).map(({ schema, path }) => {
    const origins = new Map<string, Path>()
    const value = defaultsIn(schema, [...path], [], origins)
    return { value, pathOf: (at) => originOf(at, origins) ?? path }
  })
}

/** `string | required=true default="r.example/a:1" description="…"` */
const MARKERS = /^\s*[\w.[\]"]{1,99}\s{0,9}\|(.{1,2000})$/s
const DEFAULT = /(?:^|\s)default=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+))/

/**
 * What the schema of a ResourceGraphDefinition of kro sets by default, at the same paths.
 * Source: https://kro.run/docs/concepts/simple-schema
 */
export function simpleSchemaDefaults(definition: unknown): unknown {
  const { schema } = isObject(definition) && isObject(definition.spec) ? definition.spec : {}
  if (!isObject(schema)) return undefined
  return { spec: { schema: { spec: markedDefaults(schema.spec), types: markedDefaults(schema.types) } } }
}

function markedDefaults(schema: unknown): unknown {
  if (typeof schema === 'string') {
    const [, double, single, bare] = DEFAULT.exec(MARKERS.exec(schema)?.[1] ?? '') ?? []
    return double ?? single ?? bare
  }
  if (!isObject(schema)) return undefined
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, one]) => {
      const value = key === '__proto__' ? undefined : markedDefaults(one)
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

function schemasOf(definition: unknown): { schema: unknown; path: Path }[] {
  const spec = isObject(definition) && isObject(definition.spec) ? definition.spec : {}
  const versions = Array.isArray(spec.versions) ? spec.versions : []
  const schemaIn = (holder: unknown, key: string, path: Path) => {
    const schema = isObject(holder) && isObject(holder[key]) ? holder[key].openAPIV3Schema : undefined
    return schema === undefined ? [] : [{ schema, path: [...path, key, 'openAPIV3Schema'] }]
  }
  return [
    ...schemaIn(spec, 'validation', ['spec']),
    ...versions.flatMap((version, index) => schemaIn(version, 'schema', ['spec', 'versions', index])),
  ]
}

/** Paths are written on the way down and taken back on the way up: schemas are the largest documents of all. */
function defaultsIn(
  schema: unknown,
  path: (string | number)[],
  at: (string | number)[],
  origins: Map<string, Path>,
): unknown {
  if (!isObject(schema)) return undefined
  if (schema.default !== undefined && schema.default !== null) {
    origins.set(JSON.stringify(at), [...path, 'default'])
    return schema.default
  }
  if (isObject(schema.items)) {
    path.push('items')
    at.push(0)
    const item = defaultsIn(schema.items, path, at, origins)
    path.pop()
    at.pop()
    return item === undefined ? undefined : [item]
  }
  if (!isObject(schema.properties)) return undefined
  let value: Record<string, unknown> | undefined
  for (const key in schema.properties) {
    path.push('properties', key)
    at.push(key)
    const inner = defaultsIn(schema.properties[key], path, at, origins)
    path.length -= 2
    at.pop()
    if (inner === undefined || key === '__proto__') continue
    value ??= {}
    value[key] = inner
  }
  return value
}

/** The origin of the nearest path above that has one, and what is left of the path below it. */
function originOf(at: Path, origins: ReadonlyMap<string, Path>): Path | undefined {
  for (let length = at.length; length >= 0; length--) {
    const origin = origins.get(JSON.stringify(at.slice(0, length)))
    if (origin) return [...origin, ...at.slice(length)]
  }
  return undefined
}
