import { rowOf } from '../../kubernetes/documents/row-of.ts'
import type { Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import type { PlaceholderValues } from '../classify/placeholders.ts'
import { valueFrom } from '../rules/values-from.ts'

/** Names that an operator fills in itself, and where in the resource their values stand. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'spark.apache.org': {
    SPARK_VERSION: 'spec.runtimeVersions.sparkVersion',
    SCALA_VERSION: 'spec.runtimeVersions.scalaVersion',
  },
}

/** The values of placeholders in a resource: those that its operator takes from it, and the user's own. */
export function namesIn(
  { apiVersion, value }: Pick<Resource, 'apiVersion' | 'value'>,
  vars: PlaceholderValues | undefined,
): PlaceholderValues | undefined {
  const names = rowOf(NAMES, groupOf(apiVersion))
  if (!names) return vars
  const values = new Map<string, string>()
  for (const [name, path] of Object.entries(names)) {
    const found = valueFrom(path, value, [])
    if (found) values.set(name, found.text)
  }
  return vars && values.size === 0 ? vars : { get: (name) => vars?.get(name) ?? values.get(name) }
}
