import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { formatPath, type Path } from '../documents/path.ts'
import { rowOf } from '../documents/row-of.ts'
import { isObject } from '../objects/resource.ts'
import { HARMLESS, POD_FIELDS } from './pod-fields.ts'
import type { Doubt } from './refusal.ts'

/** What is known of the fields of one type: those that are judged or say nothing, and the types of those looked into. */
interface KnownFields {
  readonly known: ReadonlySet<string>
  readonly types: ReadonlyMap<string, string>
}

const TYPES: ReadonlyMap<string, KnownFields> = new Map(
  Object.entries(POD_FIELDS).map(([type, { modelled, irrelevant }]) => {
    const fields = modelled.split(' ').map((entry) => entry.split(':'))
    const types = new Map(fields.flatMap(([name = '', child]) => (child ? [[name, child] as const] : [])))
    return [type, { types, known: new Set([...fields.map(([name = '']) => name), ...irrelevant.split(' ')]) }]
  }),
)

/** The fields of a pod spec of which the audit cannot tell what they do: `securityContext.seccompProfile.oci`. */
export function unmodelledFields(spec: PodSpec): string[] {
  return walk(spec, 'PodSpec', [], []).map(formatPath)
}

/** A doubt for each of them. */
export function fieldDoubts(spec: PodSpec): Doubt[] {
  return unmodelledFields(spec).map((field) => ({
    reason: 'UnmodelledField',
    message: `spec.${field} is set, and what it does is not judged here`,
    code: 'FIELD_UNMODELLED',
  }))
}

/** Adds the paths of unmodelled fields to `found`. `path` is one list that grows and shrinks: most pods have none. */
function walk(value: unknown, type: string, path: (string | number)[], found: Path[]): Path[] {
  const fields = TYPES.get(type)
  if (!fields || !isObject(value)) return found
  for (const name in value) {
    const child = value[name]
    const childType = fields.types.get(name)
    if (childType === undefined) {
      if (fields.known.has(name) || isEmpty(child) || rowOf(HARMLESS, name)?.includes(child)) continue
      found.push([...path, name])
      continue
    }
    path.push(name)
    if (!Array.isArray(child)) walk(child, childType, path, found)
    else {
      for (let index = 0; index < child.length; index++) {
        path.push(index)
        walk(child[index], childType, path, found)
        path.pop()
      }
    }
    path.pop()
  }
  return found
}

/** Set to what it would be if it were not there. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === undefined || value === null || value === false || value === ''
}
