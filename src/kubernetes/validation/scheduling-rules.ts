import { isObject } from '../objects/resource.ts'
import type { Inside } from './container-rules.ts'
import { isSubdomain, labelKey, labelValue } from './fields/formats.ts'

type Fields = Readonly<Record<string, unknown>>

/** What the API server refuses in what a pod asks of its nodes and neighbours. */
export function* constraintProblems(spec: Fields): Generator<Inside> {
  if (spec.tolerations) yield* tolerationProblems(spec.tolerations)
  if (spec.topologySpreadConstraints) yield* spreadProblems(spec.topologySpreadConstraints)
  if (!isObject(spec.affinity)) return
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec.affinity
  yield* within(['affinity', 'nodeAffinity'], requirementProblems(nodeAffinity))
  for (const [name, affinity] of Object.entries({ podAffinity, podAntiAffinity })) {
    yield* within(['affinity', name], selectorProblemsBelow(affinity))
  }
}

function* within(path: Inside[0], problems: Iterable<Inside>): Generator<Inside> {
  for (const [at, message] of problems) yield [[...path, ...at], message]
}

function* tolerationProblems(list: unknown): Generator<Inside> {
  for (const [index, { key, operator, value, effect, tolerationSeconds }] of entriesOf(list).entries()) {
    const at = ['tolerations', index]
    if (!key && operator !== 'Exists') yield [at, 'has no key, and its operator is not Exists']
    if (operator === 'Exists' && value) yield [[...at, 'value'], 'must be empty, as the operator is Exists']
    if (typeof tolerationSeconds === 'number' && effect !== 'NoExecute') {
      yield [[...at, 'tolerationSeconds'], 'is for the effect NoExecute']
    }
    const wrong = !operator || operator === 'Equal' ? labelValue(value ?? '') : undefined
    if (wrong !== undefined) yield [[...at, 'value'], wrong]
    if (operator && !TOLERATION_OPERATORS.has(String(operator))) {
      yield [[...at, 'operator'], `${JSON.stringify(operator)} is none of Equal, Exists`]
    }
  }
}

/** Lt and Gt need a feature gate that is off by default: they are a doubt, not a problem. */
const TOLERATION_OPERATORS: ReadonlySet<string> = new Set(['Equal', 'Exists', 'Lt', 'Gt'])

function* spreadProblems(list: unknown): Generator<Inside> {
  const seen = new Set<string>()
  for (const [index, constraint] of entriesOf(list).entries()) {
    const { topologyKey, whenUnsatisfiable, minDomains, labelSelector, matchLabelKeys } = constraint
    const at = ['topologySpreadConstraints', index]
    const key = JSON.stringify([topologyKey, whenUnsatisfiable])
    if (seen.has(key)) yield [at, `repeats ${topologyKey} with ${whenUnsatisfiable}`]
    seen.add(key)
    if (typeof minDomains === 'number' && whenUnsatisfiable !== 'DoNotSchedule') {
      yield [[...at, 'minDomains'], 'is for DoNotSchedule']
    }
    if (Array.isArray(matchLabelKeys) && matchLabelKeys.length > 0 && !labelSelector) {
      yield [[...at, 'matchLabelKeys'], 'wants a labelSelector']
    }
    yield* within([...at, 'labelSelector'], selectorProblems(labelSelector))
  }
}

/** The requirements of node affinity, wherever they stand in it. */
function* requirementProblems(affinity: unknown): Generator<Inside> {
  if (!isObject(affinity)) return
  for (const key of [
    'requiredDuringSchedulingIgnoredDuringExecution',
    'preferredDuringSchedulingIgnoredDuringExecution',
  ]) {
    const value = affinity[key]
    const terms = Array.isArray(value) ? value.map(termOf) : isObject(value) ? value.nodeSelectorTerms : []
    for (const term of entriesOf(terms)) {
      for (const requirement of entriesOf(term.matchExpressions)) {
        const problem = requirementProblem(requirement)
        if (problem !== undefined) yield [[key], problem]
      }
      for (const { key: field, operator, values } of entriesOf(term.matchFields)) {
        if (field !== 'metadata.name') yield [[key], `${JSON.stringify(field)} is no field to match`]
        if (operator !== 'In' && operator !== 'NotIn') yield [[key], 'fields are matched with In and NotIn only']
        if (!Array.isArray(values) || values.length !== 1) yield [[key], 'a field is matched with one value']
        else if (!isSubdomain(String(values[0]))) yield [[key], `${JSON.stringify(values[0])} is no name of a node`]
      }
    }
  }
}

function termOf(preferred: unknown): unknown {
  return isObject(preferred) ? preferred.preference : {}
}

function requirementProblem({ key, operator, values }: Fields): string | undefined {
  const count = Array.isArray(values) ? values.length : 0
  const wrongKey = key ? labelKey(key) : undefined
  if (wrongKey !== undefined) return wrongKey
  if ((operator === 'In' || operator === 'NotIn') && count === 0) return `${key}: ${operator} wants values`
  if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0) return `${key}: ${operator} takes no values`
  if ((operator === 'Gt' || operator === 'Lt') && count !== 1) return `${key}: ${operator} takes one value`
  const [wrong] = (Array.isArray(values) ? values : []).flatMap((value) => labelValue(value) ?? [])
  return wrong === undefined ? undefined : `${key}: ${wrong}`
}

/** The label selectors of pod affinity. */
function* selectorProblemsBelow(affinity: unknown): Generator<Inside> {
  if (!isObject(affinity)) return
  for (const [key, list] of Object.entries(affinity)) {
    for (const term of entriesOf(list)) {
      const { labelSelector, namespaceSelector } = isObject(term.podAffinityTerm) ? term.podAffinityTerm : term
      for (const selector of [labelSelector, namespaceSelector]) yield* within([key], selectorProblems(selector))
    }
  }
}

/** What is wrong with the expressions of a label selector. */
export function* selectorProblems(selector: unknown): Generator<Inside> {
  const expressions = isObject(selector) ? entriesOf(selector.matchExpressions) : []
  for (const [index, { key, operator, values }] of expressions.entries()) {
    const count = Array.isArray(values) ? values.length : 0
    const at = ['matchExpressions', index]
    if ((operator === 'In' || operator === 'NotIn') && count === 0) yield [at, `${key}: ${operator} wants values`]
    if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0) {
      yield [at, `${key}: ${operator} takes no values`]
    }
    const [wrong] = (Array.isArray(values) ? values : []).flatMap((value) => labelValue(value) ?? [])
    if (wrong !== undefined) yield [at, `${key}: ${wrong}`]
  }
}

function entriesOf(list: unknown): readonly Fields[] {
  return Array.isArray(list) ? list.map((entry: unknown) => (isObject(entry) ? entry : {})) : []
}
