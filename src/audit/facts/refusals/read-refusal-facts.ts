import type { Node } from 'kubernetes-types/core/v1.js'
import { refusersOf } from '../../../kubernetes/admission/refusers.ts'
import { valueAt } from '../../../kubernetes/documents/path.ts'
import type { Resource } from '../../../kubernetes/objects/resource.ts'
import {
  DEFAULT_IMAGE_POLICY,
  DEFAULT_POLICY,
  FIRST_WITH_DEFAULT_POLICY,
} from '../../../kubernetes/openshift/default-policy.ts'
import { isOpenShift, openShiftMinor } from '../../../kubernetes/openshift/openshift-node.ts'
import type { RefusalFacts } from './refusal-facts.ts'

/** What the objects of a cluster, or of inputs, say of what may refuse pods, and what its nodes show to be there besides. */
export function readRefusalFacts(resources: readonly Resource[], nodes: readonly Node[] = []): RefusalFacts {
  const ending = resources.filter(
    ({ kind, apiVersion, value }) => kind === 'Namespace' && apiVersion === 'v1' && isEnding(value),
  )
  return {
    refusers: [...refusersOf(resources), ...defaultsOf(resources, nodes)],
    endingNamespaces: new Set(ending.map(({ name }) => name)),
  }
}

/** Of OpenShift 4.21 and newer, which has a policy for its own images unless the inputs say what it is. */
function defaultsOf(resources: readonly Resource[], nodes: readonly Node[]): NonNullable<RefusalFacts['refusers']> {
  const isTold = resources.some(({ kind, name }) => kind === 'ClusterImagePolicy' && name === DEFAULT_POLICY)
  const hasIt = nodes.some((node) => isOpenShift(node) && (openShiftMinor(node) ?? 0) >= FIRST_WITH_DEFAULT_POLICY)
  return hasIt && !isTold ? [DEFAULT_IMAGE_POLICY] : []
}

function isEnding(value: Resource['value']): boolean {
  return (
    valueAt(value, ['status', 'phase']) === 'Terminating' ||
    typeof valueAt(value, ['metadata', 'deletionTimestamp']) === 'string'
  )
}
