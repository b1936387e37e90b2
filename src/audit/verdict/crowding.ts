import type { Node } from 'kubernetes-types/core/v1.js'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { AuditedPod } from '../classes/audited-pod.ts'
import type { NodeClass } from '../classes/node-classes.ts'
import type { NodeVerdict } from './verdict.ts'

interface Places {
  readonly nodes: readonly Node[]
  readonly classes: readonly NodeClass[]
}

/** The label of which each node has another value. */
const HOSTNAME = 'kubernetes.io/hostname'

/**
 * The verdicts of a workload whose pods keep apart from one another by their anti-affinity: where there are fewer places
 * than pods, nobody can tell which of them start.
 */
export function withCrowding(
  { separation }: AuditedPod,
  workload: Workload,
  verdicts: readonly NodeVerdict[],
  places: Places,
): readonly NodeVerdict[] {
  const key = separation?.topologyKey
  if (key === undefined) return verdicts
  const message = crowding(workload, key, verdicts, places)
  if (message === undefined) return verdicts
  return verdicts.map((one) =>
    one.starts === true && one.mayLand ? { starts: null, reason: 'InterPodAffinity', message, mayLand: true } : one,
  )
}

function crowding(
  workload: Workload,
  key: string,
  verdicts: readonly NodeVerdict[],
  { nodes, classes }: Places,
): string | undefined {
  const { resource, replicas, most = 0 } = workload
  if (replicas === undefined) {
    if (resource.kind === 'DaemonSet' && key === HOSTNAME) return undefined
    return `its anti-affinity keeps its pods apart by ${key}, and how many there are by then is not known`
  }
  const wanted = Math.max(replicas, most)
  const free = new Set(classes.flatMap((one, index) => (verdicts[index]?.mayLand ? one.nodes : [])))
  const values = nodes.flatMap((node) => (free.has(nameOfNode(node)) ? [node.metadata?.labels?.[key]] : []))
  // Where a node lacks the label, the term is about no pod.
  const room = values.includes(undefined) ? Infinity : new Set(values).size
  if (wanted <= room) return undefined
  return `its anti-affinity keeps its pods apart by ${key}: ${wanted} want a place, and there are ${room}`
}
