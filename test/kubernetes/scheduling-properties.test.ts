import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
  Taint,
  Toleration,
} from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { firstRefusal } from '../../src/kubernetes/scheduler/filters.ts'
import { matchesTerm, nodeMismatch } from '../../src/kubernetes/scheduler/node-selector.ts'
import type { SchedulablePod } from '../../src/kubernetes/scheduler/schedulable-pod.ts'
import { tolerates, untoleratedTaint } from '../../src/kubernetes/scheduler/taint.ts'
import { fc } from '../support/property.ts'

// Few keys and values, so that pods and nodes often meet.
const key = fc.constantFrom('zone', 'disk', 'cores', 'gpu')
const value = fc.constantFrom('', 'a', 'b', '3', '16')
const labels = fc.dictionary(key, value)
const effect = fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule')
const taint: fc.Arbitrary<Taint> = fc.record({ key, value, effect })
const toleration: fc.Arbitrary<Toleration> = fc.record(
  { key, operator: fc.constantFrom('Exists', 'Equal'), value, effect },
  { requiredKeys: [] },
)
const requirement: fc.Arbitrary<NodeSelectorRequirement> = fc.record(
  {
    key,
    operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'),
    values: fc.array(value, { maxLength: 3 }),
  },
  { requiredKeys: ['key', 'operator'] },
)
const term: fc.Arbitrary<NodeSelectorTerm> = fc.record({ matchExpressions: fc.array(requirement, { maxLength: 3 }) })
const spec: fc.Arbitrary<PodSpec> = fc
  .record({
    nodeSelector: labels,
    terms: fc.option(fc.array(term, { maxLength: 3 })),
    tolerations: fc.array(toleration),
  })
  .map(({ nodeSelector, terms, tolerations }) => ({ containers: [], nodeSelector, tolerations, ...withTerms(terms) }))
const nodes: fc.Arbitrary<Node> = fc
  .record({ labels, taints: fc.array(taint), unschedulable: fc.boolean() })
  .map(({ labels: own, ...rest }) => ({ metadata: { name: 'n', labels: own }, spec: rest }))

function withTerms(nodeSelectorTerms: NodeSelectorTerm[] | null) {
  if (nodeSelectorTerms === null) return {}
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } }
}

function pod(podSpec: PodSpec, isDaemonSetPod = false): SchedulablePod {
  return {
    spec: podSpec,
    isDaemonSetPod,
    namespace: 'default',
    labels: {},
    handler: '',
    priority: 0,
    preempts: true,
    doubts: [],
    requests: new Map(),
    hostPorts: [],
    neededFeatures: [],
    claims: [],
  }
}

const relabelled = (node: Node, more: Record<string, string>): Node => ({
  ...node,
  metadata: { ...node.metadata, labels: { ...node.metadata?.labels, ...more } },
})

test('a label more never takes a node from a term of Exists and In', () => {
  const positive = fc.record({
    matchExpressions: fc.array(requirement.filter(({ operator }) => operator === 'Exists' || operator === 'In')),
  })
  fc.assert(
    fc.property(positive, nodes, fc.string({ minLength: 5, maxLength: 9 }), value, (wanted, node, added, text) => {
      fc.pre(matchesTerm(wanted, node))
      expect(matchesTerm(wanted, relabelled(node, { [added]: text }))).toBe(true)
    }),
  )
})

test('a label that no selector names changes nothing', () => {
  fc.assert(
    fc.property(spec, nodes, (wanted, node) => {
      expect(nodeMismatch(wanted, relabelled(node, { unrelated: 'x' }))).toEqual(nodeMismatch(wanted, node))
    }),
  )
})

test('In and NotIn of the same values, Exists and DoesNotExist: exactly one matches', () => {
  const values = fc.array(value, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(key, values, nodes, (name, list, node) => {
      const matches = (operator: string, given?: string[]) =>
        matchesTerm({ matchExpressions: [{ key: name, operator, ...(given && { values: given }) }] }, node)
      expect(matches('In', list)).toBe(!matches('NotIn', list))
      expect(matches('Exists')).toBe(!matches('DoesNotExist'))
    }),
  )
})

test('a term more never takes a node away, a requirement more never adds one', () => {
  fc.assert(
    fc.property(fc.array(term), term, requirement, nodes, (terms, other, more, node) => {
      const matches = (list: NodeSelectorTerm[]) => nodeMismatch(withTerms(list), node) === undefined
      if (matches(terms)) expect(matches([...terms, other])).toBe(true)
      const narrowed = terms.map(({ matchExpressions = [] }) => ({ matchExpressions: [...matchExpressions, more] }))
      const isWorth = terms.every(({ matchExpressions = [] }) => matchExpressions.length > 0)
      if (isWorth && !matches(terms)) expect(matches(narrowed)).toBe(false)
    }),
  )
})

test('a nodeSelector and one In for each of its labels say the same', () => {
  fc.assert(
    fc.property(labels, nodes, (nodeSelector, node) => {
      fc.pre(Object.keys(nodeSelector).length > 0)
      const matchExpressions = Object.entries(nodeSelector).map(([name, text]) => ({
        key: name,
        operator: 'In',
        values: [text],
      }))
      const asTerm = nodeMismatch(withTerms([{ matchExpressions }]), node) === undefined
      expect(nodeMismatch({ nodeSelector }, node) === undefined).toBe(asTerm)
    }),
  )
})

test('to tolerate everything is as good as no taints', () => {
  fc.assert(
    fc.property(spec, nodes, (wanted, node) => {
      const everything = pod({ ...wanted, tolerations: [{ operator: 'Exists' }] })
      const bare: Node = { ...node, spec: {} }
      expect(firstRefusal(everything, node)).toEqual(firstRefusal(pod({ ...wanted, tolerations: [] }), bare))
    }),
  )
})

test('a toleration more never adds a refusal, a taint more never takes one away', () => {
  fc.assert(
    fc.property(spec, nodes, toleration, taint, (wanted, node, more, extra) => {
      const refused = firstRefusal(pod(wanted), node) !== undefined
      const tolerant = pod({ ...wanted, tolerations: [...(wanted.tolerations ?? []), more] })
      if (!refused) expect(firstRefusal(tolerant, node)).toBeUndefined()
      const tainted: Node = { ...node, spec: { ...node.spec, taints: [...(node.spec?.taints ?? []), extra] } }
      if (refused) expect(firstRefusal(pod(wanted), tainted)).toBeDefined()
    }),
  )
})

test('the order of taints and of tolerations decides nothing', () => {
  fc.assert(
    fc.property(fc.array(taint), fc.array(toleration), (taints, tolerations) => {
      const refused = (some: Taint[], known: Toleration[]) =>
        untoleratedTaint(some, known, ['NoSchedule', 'NoExecute']) !== undefined
      expect(refused(taints.toReversed(), tolerations.toReversed())).toBe(refused(taints, tolerations))
    }),
  )
})

test('a toleration without effect covers what it covers with each effect', () => {
  fc.assert(
    fc.property(toleration, taint, ({ effect: _, ...any }, one) => {
      expect(tolerates(any, one)).toBe(tolerates({ ...any, effect: one.effect }, one))
    }),
  )
})

test('a DaemonSet is never kept out by a cordon alone', () => {
  fc.assert(
    fc.property(spec, nodes, (wanted, node) => {
      const auto = {
        ...wanted,
        tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }],
      }
      expect(firstRefusal(pod(auto, true), node)?.reason).not.toBe('NodeUnschedulable')
    }),
  )
})
