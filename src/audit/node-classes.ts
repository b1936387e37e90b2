import type { Node, NodeSelectorTerm } from 'kubernetes-types/core/v1.js'
import { nameOfNode, platformOfNode } from '../kubernetes/node.ts'
import { requiredTerms } from '../kubernetes/node-selector.ts'
import { objectsOf } from '../kubernetes/resource.ts'
import type { SchedulablePod } from '../kubernetes/scheduling.ts'
import type { Presence } from './node-images.ts'
import type { AuditedNode, AuditedPod } from './verdict.ts'

/** Nodes on which every one of the audited pods gets the same verdict. */
export interface NodeClass extends AuditedNode {
  readonly nodes: readonly string[]
}

/** A node, and what is known of each image on it. */
export interface KnownNode {
  readonly node: Node
  readonly presenceOf: (name: string) => Presence
}

/**
 * The classes of equal nodes, in the order in which each is first met. Only what some pod asks about makes a difference:
 * a label that no selector names, or an image that no pod needs, does not.
 */
export function nodeClasses(
  nodes: Iterable<KnownNode>,
  pods: readonly AuditedPod[],
  names: readonly string[],
): NodeClass[] {
  const asked = askedOf(pods.map(({ pod }) => pod))
  const classes = new Map<string, AuditedNode & { nodes: string[] }>()
  for (const { node, presenceOf } of nodes) {
    const presences = names.map(presenceOf)
    const labels = node.metadata?.labels ?? {}
    const name = nameOfNode(node)
    const key = JSON.stringify([
      asked.names.has(name) && name,
      asked.labels.map((label) => labels[label] ?? null),
      node.spec?.unschedulable === true,
      objectsOf(node.spec?.taints).map(({ key, value, effect }) => [key, value, effect]),
      platformOfNode(node),
      presences.map(({ present, why, isFromBundle }) =>
        present === false ? 0 : present ? Number(isFromBundle) + 1 : why,
      ),
    ])
    const known = classes.get(key)
    if (known) {
      known.nodes.push(name)
      continue
    }
    const byName = new Map(names.map((image, index) => [image, presences[index] as Presence]))
    const unasked: Presence = { present: undefined, why: 'not asked' }
    classes.set(key, { node, presenceOf: (image) => byName.get(image) ?? unasked, nodes: [name] })
  }
  return [...classes.values()]
}

/** What the pods' placement depends on: label keys, and the names of nodes that are meant one by one. */
function askedOf(pods: readonly SchedulablePod[]): { labels: string[]; names: ReadonlySet<string> } {
  const labels = new Set<string>()
  const names = new Set<string>()
  for (const { spec } of pods) {
    if (spec.nodeName) names.add(spec.nodeName)
    for (const label of Object.keys(spec.nodeSelector ?? {})) labels.add(label)
    for (const term of requiredTerms(spec) ?? []) addAsked(term, labels, names)
  }
  return { labels: [...labels], names }
}

function addAsked(term: NodeSelectorTerm, labels: Set<string>, names: Set<string>): void {
  for (const { key } of objectsOf(term.matchExpressions)) labels.add(key)
  for (const { values } of objectsOf(term.matchFields)) for (const name of values ?? []) names.add(name)
}
