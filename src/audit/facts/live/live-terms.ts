import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { nameOfNode } from '../../../kubernetes/objects/node.ts'
import { type RepellingTerm, RepellingTerms, repellingTerms } from '../../../kubernetes/scheduler/anti-affinity.ts'
import { nodeOfRunning } from './live-pods.ts'

/** The required anti-affinity of the pods that run, with the topologies that it keeps others from. */
export function liveTerms(pods: readonly Pod[], nodes: readonly Node[]): RepellingTerms {
  const labelsOf = new Map(nodes.map((node) => [nameOfNode(node), node.metadata?.labels ?? {}]))
  const terms = new Map<string, RepellingTerm>()
  for (const pod of pods) {
    const labels = labelsOf.get(nodeOfRunning(pod) ?? '')
    if (!labels) continue
    for (const term of repellingTerms(pod)) {
      const known: RepellingTerm = terms.get(term.key) ?? { ...term, topologies: new Map() }
      terms.set(term.key, known)
      const value = labels[term.topologyKey]
      const priority = pod.spec?.priority ?? 0
      const other = value === undefined ? undefined : known.topologies.get(value)
      if (value === undefined || (other && other.priority >= priority)) continue
      known.topologies.set(value, { pod: `${pod.metadata?.namespace ?? 'default'}/${pod.metadata?.name}`, priority })
    }
  }
  return new RepellingTerms(terms.values())
}
