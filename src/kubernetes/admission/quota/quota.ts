import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../../documents/path.ts'
import { isObject, objectsOf, type Resource, textsOf } from '../../objects/resource.ts'
import { isBestEffort } from '../../pods/qos.ts'

export interface NamespaceQuota {
  readonly name: string
  /** What it limits: `pods`, `requests.cpu`. */
  readonly hard: Readonly<Record<string, unknown>>
  /** What is taken already, as far as its status tells. */
  readonly used: Readonly<Record<string, unknown>>
  readonly scopes: readonly Scope[]
}

/** What a pod has to be for a quota to be about it. */
interface Scope {
  readonly name: string
  readonly operator: string
  readonly values: readonly string[]
}

export function quotaOf({ name, value }: Pick<Resource, 'name' | 'value'>): NamespaceQuota {
  const [hard, used] = [valueAt(value, ['spec', 'hard']), valueAt(value, ['status', 'used'])]
  const expressions = valueAt(value, ['spec', 'scopeSelector', 'matchExpressions']) as Record<string, unknown>[]
  return {
    name,
    hard: isObject(hard) ? hard : {},
    used: isObject(used) ? used : {},
    scopes: [
      ...textsOf(valueAt(value, ['spec', 'scopes'])).map((scope) => ({ name: scope, operator: 'Exists', values: [] })),
      ...objectsOf(expressions).map(({ scopeName, operator, values }) => ({
        name: String(scopeName),
        operator: String(operator),
        values: textsOf(values),
      })),
    ],
  }
}

/**
 * Whether a quota is about a pod, which all of its scopes have to be; undefined where that is not known. `priorityClass` is
 * the one that admission gives the pod. Source: kubernetes 1.37, pkg/quota/v1/evaluator/core/pods.go, podMatchesScopeFunc.
 */
export function isInScope({ scopes }: NamespaceQuota, spec: PodSpec, priorityClass: string): boolean | undefined {
  const answers = scopes.map((scope) => matches(scope, spec, priorityClass))
  if (answers.includes(false)) return false
  return answers.includes(undefined) ? undefined : true
}

function matches({ name, operator, values }: Scope, spec: PodSpec, priorityClass: string): boolean | undefined {
  switch (name) {
    case 'Terminating':
      return typeof spec.activeDeadlineSeconds === 'number'
    case 'NotTerminating':
      return typeof spec.activeDeadlineSeconds !== 'number'
    case 'BestEffort':
      return isBestEffort(spec)
    case 'NotBestEffort':
      return !isBestEffort(spec)
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(spec)
    case 'PriorityClass':
      if (operator === 'In') return values.includes(priorityClass)
      if (operator === 'NotIn') return !values.includes(priorityClass)
      return (priorityClass !== '') === (operator === 'Exists')
    default:
      return undefined
  }
}

function crossesNamespaces({ affinity }: PodSpec): boolean {
  const terms = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((one) => [
    ...objectsOf(one?.requiredDuringSchedulingIgnoredDuringExecution),
    ...objectsOf(one?.preferredDuringSchedulingIgnoredDuringExecution).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
  return terms.some((term) => textsOf(term?.namespaces).length > 0 || isObject(valueAt(term, ['namespaceSelector'])))
}
