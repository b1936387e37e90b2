import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from 'kubernetes-types/core/v1.js'
import { isLabelKey, isLabelValue } from '../objects/label.ts'
import { isObject, objectsOf } from '../objects/resource.ts'

type Labels = Readonly<Record<string, string>>

/**
 * Why a node does not match a pod's nodeSelector and required node affinity, both of which it must; undefined when it
 * does. Source: k8s.io/component-helpers 1.36, scheduling/corev1/nodeaffinity.
 */
export function nodeMismatch(spec: Pick<PodSpec, 'nodeSelector' | 'affinity'>, node: Node): string | undefined {
  const labels = node.metadata?.labels ?? {}
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    if (!Object.hasOwn(labels, key)) return `nodeSelector wants ${key}=${value}, the node has no such label`
    if (labels[key] !== value) return `nodeSelector wants ${key}=${value}, the node has ${key}=${labels[key]}`
  }
  const terms = requiredTerms(spec)
  if (!terms || terms.some((term) => matchesTerm(term, node))) return undefined
  const [only, ...others] = terms
  if (!only) return 'required node affinity has no term, which no node matches'
  if (others.length > 0) return `required node affinity: none of ${terms.length} terms matches`
  return `required node affinity: ${termMismatch(only, node)}`
}

/** The terms of a pod's required node affinity; undefined where it requires nothing. */
export function requiredTerms({ affinity }: Pick<PodSpec, 'affinity'>): readonly NodeSelectorTerm[] | undefined {
  const required: unknown = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return isObject(required) ? objectsOf(required.nodeSelectorTerms as NodeSelectorTerm[] | undefined) : undefined
}

/** Whether a term of required node affinity matches: all of its parts do. An empty or broken term matches nothing. */
export function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  return termMismatch(term, node) === undefined
}

function termMismatch(term: NodeSelectorTerm, node: Node): string | undefined {
  const expressions = objectsOf(term.matchExpressions)
  const fields = objectsOf(term.matchFields)
  if (expressions.length + fields.length === 0) return 'an empty term, which no node matches'
  const labels = node.metadata?.labels ?? {}
  const name = node.metadata?.name ?? ''
  const broken = expressions.find((expression) => !isValid(expression)) ?? fields.find((field) => !isValidField(field))
  if (broken) return `the term does not parse, so that no node matches: ${format(broken)}`
  const failed = expressions.find((expression) => !matchesLabels(expression, labels))
  if (failed) return `wants ${format(failed)}, the node has ${describeLabel(failed.key, labels)}`
  const failedField = fields.find(({ operator, values }) => (values?.[0] === name) !== (operator === 'In'))
  return failedField && `wants ${format(failedField)}, the node is ${name}`
}

function matchesLabels({ key, operator, values = [] }: NodeSelectorRequirement, labels: Labels): boolean {
  const label = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label)
    case 'NotIn':
      return label === undefined || !values.includes(label)
    case 'Exists':
      return label !== undefined
    case 'DoesNotExist':
      return label === undefined
    default: {
      const [is, bound] = [integer(label), integer(values[0])]
      if (is === undefined || bound === undefined) return false
      return operator === 'Gt' ? is > bound : is < bound
    }
  }
}

/** What the scheduler can parse. A value must be a legal label value, so that Gt with "-1" is an error. */
function isValid({ key, operator, values }: NodeSelectorRequirement): boolean {
  const list: readonly unknown[] = Array.isArray(values) ? values : []
  if (!isLabelKey(key) || !list.every(isLabelValue)) return false
  if (operator === 'In' || operator === 'NotIn') return list.length > 0
  if (operator === 'Exists' || operator === 'DoesNotExist') return list.length === 0
  if (operator === 'Gt' || operator === 'Lt') return list.length === 1 && integer(list[0]) !== undefined
  return false
}

function isValidField({ key, operator, values }: NodeSelectorRequirement): boolean {
  if (key !== 'metadata.name' || !Array.isArray(values) || values.length !== 1) return false
  return operator === 'In' || operator === 'NotIn'
}

/** A base-10 int64, as strconv.ParseInt reads it. */
function integer(text: unknown): bigint | undefined {
  if (typeof text !== 'string' || !/^[+-]?[0-9]+$/.test(text)) return undefined
  const value = BigInt(text.replace(/^\+/, ''))
  return BigInt.asIntN(64, value) === value ? value : undefined
}

function format({ key, operator, values }: NodeSelectorRequirement): string {
  return `${key} ${operator}${Array.isArray(values) && values.length > 0 ? ` [${values.join(', ')}]` : ''}`
}

function describeLabel(key: string, labels: Labels): string {
  return Object.hasOwn(labels, key) ? `${key}=${labels[key]}` : 'no such label'
}
