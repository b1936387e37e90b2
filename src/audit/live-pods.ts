import type { Pod } from 'kubernetes-types/core/v1.js'
import { hostPorts } from '../kubernetes/host-port.ts'
import { add, podRequests } from '../kubernetes/pod-resources.ts'
import { objectsOf, type Resource } from '../kubernetes/resource.ts'
import type { NodeUse } from '../kubernetes/scheduling.ts'

/** What live pods take of each node; pods that have ended take nothing. */
export function nodeUses(pods: readonly Pod[]): ReadonlyMap<string, NodeUse> {
  const uses = new Map<string, { pods: number; requests: Map<string, number>; ports: NodeUse['ports'][number][] }>()
  for (const pod of pods) {
    const node = runsOn(pod)
    if (!node || !pod.spec) continue
    const use = uses.get(node) ?? { pods: 0, requests: new Map<string, number>(), ports: [] }
    uses.set(node, use)
    use.pods++
    add(use.requests, podRequests(pod.spec))
    const name = `Pod ${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`
    for (const port of hostPorts(pod.spec)) use.ports.push({ ...port, pod: name })
  }
  return uses
}

/** The nodes on which pods of each workload run, by {@link workloadKey}. */
export function nodesOfWorkloads(pods: readonly Pod[]): ReadonlyMap<string, ReadonlySet<string>> {
  const nodes = new Map<string, Set<string>>()
  for (const pod of pods) {
    const node = runsOn(pod)
    if (!node) continue
    const key = ownerKey(pod)
    const known = nodes.get(key)
    if (known) known.add(node)
    else nodes.set(key, new Set([node]))
  }
  return nodes
}

/** The workload that a live pod belongs to. */
export function ownerKey({ metadata }: Pod): string {
  const namespace = metadata?.namespace
  const owner = objectsOf(metadata?.ownerReferences)[0]
  if (!owner) return workloadKey({ kind: 'Pod', namespace, name: metadata?.name ?? '' })
  // A ReplicaSet of a Deployment and a Job of a CronJob are called after it, with a hash or a time behind.
  const outer = owner.kind === 'ReplicaSet' ? 'Deployment' : /-\d{8,10}$/.test(owner.name) ? 'CronJob' : undefined
  const isOuter =
    outer && (owner.kind === 'ReplicaSet' ? metadata?.labels?.['pod-template-hash'] : owner.kind === 'Job')
  const name = isOuter ? owner.name.slice(0, owner.name.lastIndexOf('-')) : owner.name
  return workloadKey({ kind: isOuter ? outer : owner.kind, namespace, name })
}

export function workloadKey({ kind, namespace, name }: Pick<Resource, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace || 'default'}/${name}`
}

function runsOn({ spec, status }: Pod): string | undefined {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? undefined : spec?.nodeName
}
