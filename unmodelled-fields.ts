import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { Path } from '../documents/path.ts'
import { formatPath } from '../documents/path.ts'
import { isObject } from '../objects/resource.ts'
import { HARMLESS, POD_FIELDS } from './pod-fields.ts'

/** What is known of the fields of one type: the type of each that is looked into, and those that ask for nothing. */
interface KnownFields {
  readonly types: ReadonlyMap<string, string>
  readonly known: ReadonlySet<string>
}

const TYPES: ReadonlyMap<string, KnownFields> = new Map(
  Object.entries(POD_FIELDS).map(([type, { modelled, irrelevant }]) => {
    const names = modelled.split(' ').map((entry) => entry.split(':'))
    const types = new Map(names.flatMap(([name = '', child]) => (child ? [[name, child] as const] : [])))
    return [type, { types, known: new Set([...names.map(([name = '']) => name), ...irrelevant.split(' ')]) }]
  }),
)

/** The fields of a pod spec of which the audit cannot tell what they do: `securityContext.seccompProfile.oci`. */
export function unmodelledFields(spec: PodSpec): string[] {
  return [...walk(spec, 'PodSpec', [])].map(formatPath)
}

function* walk(value: unknown, type: string, path: Path): Generator<Path> {
  const fields = TYPES.get(type)
  if (!fields || !isObject(value)) return
  for (const [name, child] of Object.entries(value)) {
    const at = [...path, name]
    const childType = fields.types.get(name)
    if (childType === undefined) {
      if (!fields.known.has(name) && !isEmpty(child) && !HARMLESS[name]?.includes(child)) yield at
    } else if (Array.isArray(child)) {
      for (const [index, entry] of child.entries()) yield* walk(entry, childType, [...at, index])
    } else yield* walk(child, childType, at)
  }
}

/** Set to what it would be if it were not there. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return false
}
