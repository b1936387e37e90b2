import { refusersOf } from '../../../kubernetes/admission/refusers.ts'
import { valueAt } from '../../../kubernetes/documents/path.ts'
import type { Resource } from '../../../kubernetes/objects/resource.ts'
import type { RefusalFacts } from './refusal-facts.ts'

/** What the objects of a cluster, or of inputs, say of what may refuse pods. */
export function readRefusalFacts(resources: readonly Resource[]): RefusalFacts {
  const ending = resources.filter(
    ({ kind, apiVersion, value }) => kind === 'Namespace' && apiVersion === 'v1' && isEnding(value),
  )
  return { refusers: refusersOf(resources), endingNamespaces: new Set(ending.map(({ name }) => name)) }
}

function isEnding(value: Resource['value']): boolean {
  return (
    valueAt(value, ['status', 'phase']) === 'Terminating' ||
    typeof valueAt(value, ['metadata', 'deletionTimestamp']) === 'string'
  )
}
