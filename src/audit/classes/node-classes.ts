import type { Node } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { asksOfNode } from '../../kubernetes/kubelet/node-support.ts'
import { kubeletMinor, nameOfNode, platformOfNode } from '../../kubernetes/objects/node.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import { isOpenShift, machineConfigPool } from '../../kubernetes/openshift/openshift-node.ts'
import { conflicts, type HostPort } from '../../kubernetes/pods/host-port.ts'
import type { RepellingTerm } from '../../kubernetes/scheduler/anti-affinity.ts'
import { requiredTerms } from '../../kubernetes/scheduler/node-selector.ts'
import { shortageKey } from '../../kubernetes/scheduler/resource-fit.ts'
import { topologyKeys } from '../../kubernetes/scheduler/topology.ts'
import { claimRefusal } from '../../kubernetes/scheduler/volume-fit.ts'
import type { ClaimState } from '../../kubernetes/storage/claim-state.ts'
import type { AuditedNode } from '../facts/audited-node.ts'
import type { Presence } from '../facts/images/presence.ts'
import { withoutLower } from '../facts/live/live-pods.ts'
import { isShortName, resolvesShortNames } from '../facts/short-names.ts'
import type { AuditedPod } from './audited-pod.ts'
import { type VolumeQuestions, volumeQuestions, volumesKey } from './volume-questions.ts'

/** Nodes on which every one of the audited pods gets the same verdict. */
export interface NodeClass extends AuditedNode {
  readonly nodes: readonly string[]
}

/** What the pods ask about. Nothing else makes nodes different. */
interface Questions {
  readonly labels: ReadonlySet<string>
  /** Nodes that are meant one by one. */
  readonly names: ReadonlySet<string>
  /** The amounts that pods request of each resource. */
  readonly amounts: ReadonlyMap<string, readonly number[]>
  readonly ports: readonly HostPort[]
  readonly priorities: readonly number[]
  readonly claims: readonly ClaimState[]
  readonly volumes: VolumeQuestions
  /** The anti-affinity of live pods that keeps some pod away. */
  readonly terms: readonly RepellingTerm[]
  /** Some pod asks what the kubelet and the runtime support. */
  readonly asksOfNode: boolean
  /** Some image is named without a registry. */
  readonly asksShort: boolean
}

/**
 * The classes of equal nodes, in the order in which each is first met. Only what some pod asks about makes a difference:
 * a label that no selector names, or an image that no pod needs, does not.
 */
export function nodeClasses(
  nodes: Iterable<AuditedNode>,
  pods: readonly AuditedPod[],
  images: readonly string[],
): NodeClass[] {
  const questions = questionsOf(pods)
  const classes = new Map<string, AuditedNode & { nodes: string[] }>()
  const presenceKey = presenceKeys()
  const places = new Map(images.map((image, index) => [image, index]))
  for (const known of nodes) {
    const presences = known.presencesOf(places)
    const key = `${presenceKey(presences)} ${classKey(known, questions)}`
    const same = classes.get(key)
    if (same) {
      same.nodes.push(nameOfNode(known.node))
      continue
    }
    const byName = new Map(images.map((image, index) => [image, presences[index] as Presence]))
    const presenceOf = (image: string): Presence => byName.get(image) ?? { present: undefined, why: 'nobody asked' }
    classes.set(key, { ...known, presenceOf, nodes: [nameOfNode(known.node)] })
  }
  return [...classes.values()]
}

/** What tells lists of presences apart: where another one begins, and which; equal ones have one number. */
function presenceKeys(): (presences: readonly Presence[]) => string {
  const numbers = new Map<string, number>()
  const known = new WeakMap<Presence, number>()
  const numberOf = (presence: Presence): number => {
    const content = presenceKey(presence)
    const number = numbers.get(content) ?? numbers.size
    numbers.set(content, number)
    known.set(presence, number)
    return number
  }
  return (presences) => {
    let key = ''
    let last: Presence | undefined
    let lastNumber = -1
    for (let index = 0; index < presences.length; index++) {
      const presence = presences[index]
      if (presence === last || presence === undefined) continue
      last = presence
      const number = known.get(presence) ?? numberOf(presence)
      if (number !== lastNumber) key += `${index}:${number},`
      lastNumber = number
    }
    return key
  }
}

function presenceKey({ present, why, isFromBundle, problem, platforms, isDrifted }: Presence): string {
  return JSON.stringify(
    present === undefined
      ? [why, isFromBundle]
      : [Number(present), Number(isFromBundle ?? 0), problem, platforms, isDrifted],
  )
}

function classKey(
  known: AuditedNode,
  { labels, names, amounts, ports, priorities, terms, claims, volumes, asksOfNode: asks, asksShort }: Questions,
): string {
  const { node, use, kubelet } = known
  const own = node.metadata?.labels ?? {}
  const name = nameOfNode(node)
  const isWanted = (port: HostPort) => ports.some((wanted) => conflicts(wanted, port))
  const taken = use?.ports.filter(isWanted)
  // What would be left for a pod of each priority, if those below it were gone.
  const preempted =
    use &&
    priorities.map((priority) => {
      if (!use.parts.some((part) => part.priority < priority)) return 0
      const left = withoutLower(use, priority)
      return [shortageKey(amounts, node, left.reserved), left.ports.filter(isWanted)]
    })
  return JSON.stringify([
    names.has(name) && name,
    Array.from(labels, (label) => own[label] ?? null),
    node.spec?.unschedulable === true,
    Boolean(node.metadata?.deletionTimestamp),
    objectsOf(node.spec?.taints).map(({ key, value, effect }) => [key, value, effect]),
    platformOfNode(node),
    [shortageKey(amounts, node), shortageKey(amounts, node, use?.reserved), preempted, taken],
    [kubelet.credentialsVerification, kubelet.allowlist, kubelet.topologyPolicy, kubelet.isWholeCores],
    terms.map(({ topologyKey, topologies }) => topologies.get(own[topologyKey] ?? '')?.priority),
    claims.map((claim) => claimRefusal(claim, node)?.reason),
    volumesKey(known, volumes),
    asks && [supportKey(node), kubelet.featureGates, kubelet.unsafeSysctls],
    asksShort && resolvesShortNames(node),
    isOpenShift(node) && machineConfigPool(node),
  ])
}

/** All that a node says of what it supports. */
function supportKey(node: Node): unknown[] {
  return [
    kubeletMinor(node),
    node.status?.nodeInfo?.containerRuntimeVersion,
    node.status?.nodeInfo?.osImage,
    ...['features', 'declaredFeatures', 'runtimeHandlers'].map((key) => valueAt(node.status, [key])),
  ]
}

function questionsOf(audited: readonly AuditedPod[]): Questions {
  const pods = audited.map(({ pod }) => pod)
  const labels = new Set<string>()
  const names = new Set<string>()
  const amounts = new Map<string, Set<number>>()
  for (const { spec, requests } of pods) {
    if (spec.nodeName) names.add(spec.nodeName)
    for (const label of [...Object.keys(spec.nodeSelector ?? {}), ...topologyKeys(spec)]) labels.add(label)
    for (const term of requiredTerms(spec) ?? []) {
      for (const { key } of objectsOf(term.matchExpressions)) labels.add(key)
      for (const { values } of objectsOf(term.matchFields)) for (const name of values ?? []) names.add(name)
    }
    for (const [name, milli] of requests) amounts.set(name, (amounts.get(name) ?? new Set()).add(milli))
  }
  const ports = pods.flatMap(({ hostPorts }) => hostPorts)
  const priorities = [...new Set(pods.map(({ priority }) => priority))]
  const terms = new Set(audited.flatMap(({ repelledBy }) => repelledBy.map(({ term }) => term)))
  const claims = new Map(pods.flatMap((pod) => pod.claims.flat().map((state) => [state.claim, state] as const)))
  const asks = pods.some((pod) => pod.neededFeatures.length > 0 || asksOfNode(pod))
  return {
    labels,
    names,
    ports,
    priorities,
    asksOfNode: asks,
    asksShort: audited.some(({ images }) => images.some(({ reference }) => isShortName(reference))),
    terms: [...terms],
    claims: [...claims.values()],
    volumes: volumeQuestions(audited),
    amounts: new Map([...amounts].map(([name, set]) => [name, [...set]])),
  }
}
