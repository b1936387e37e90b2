import { isObject, objectsOf, textsOf } from '../../objects/resource.ts'
import {
  type LabelSelector,
  type Labels,
  type PendingLabels,
  selectorKeys,
  selects,
  willSelect,
} from '../../pods/label-selector.ts'

/** A pod on its way through admission, and the workload that it is made of. */
export interface NewPod {
  /** Of the workload. */
  readonly kind: string
  readonly apiVersion: string
  readonly name: string
  readonly ownLabels: Labels
  readonly namespace: string
  readonly labels: Labels
  /** The labels whose values its controller chooses. */
  readonly pending?: PendingLabels | undefined
  /** Of its namespace; undefined where they are not known. */
  readonly namespaceLabels: Labels | undefined
  /** The references that it names. */
  readonly images: readonly string[]
}

/** Something in a cluster that may change pods, or the workloads that make them, before they are stored. */
export interface Mutator {
  /** `MutatingWebhookConfiguration istio-sidecar-injector`. */
  readonly name: string
  /** Whether it may be about a pod; conditions that only a cluster can evaluate are taken to hold. */
  readonly isAbout: (pod: NewPod) => boolean
}

type Fields = Readonly<Record<string, unknown>>

/** Whether something may be about a pod. */
export type Matcher = Mutator['isAbout']

/** Whether a webhook may be asked about a pod. Source: kubernetes 1.34, pkg/admission/plugin/webhook/predicates. */
export function matcherOf({ rules, namespaceSelector, objectSelector }: Fields): Matcher {
  const own = objectsOf(rules as Fields[] | undefined)
  return (pod) => isAbout(pod, own, namespaceSelector, objectSelector)
}

function isAbout(pod: NewPod, rules: readonly Fields[], inNamespaces: unknown, ofObjects: unknown): boolean {
  if (!mayBeIn(pod, inNamespaces)) return false
  const [group, version] = pod.apiVersion.includes('/') ? pod.apiVersion.split('/') : ['', pod.apiVersion]
  const isPod = rules.some((rule) => isRuleAbout(rule, '', 'v1', 'pods')) && isSelected(ofObjects, pod)
  const resource = `${pod.kind.toLowerCase()}s`
  const isOwn = rules.some((rule) => isRuleAbout(rule, group ?? '', version ?? '', resource))
  return isPod || (isOwn && isSelected(ofObjects, { labels: pod.ownLabels })) || isAboutBetween(pod, rules, ofObjects)
}

/** What a controller makes of a workload, and pods are made of: its labels are those of the pod, or in the workload. */
const BETWEEN: Readonly<Record<string, readonly [group: string, kind: string]>> = {
  'apps/v1/Deployment': ['apps', 'ReplicaSet'],
  'batch/v1/CronJob': ['batch', 'Job'],
}

function between({ apiVersion, kind }: NewPod): (typeof BETWEEN)[string] | undefined {
  return BETWEEN[`${apiVersion}/${kind}`]
}

function isAboutBetween(pod: NewPod, rules: readonly Fields[], ofObjects: unknown): boolean {
  const [group, kind] = between(pod) ?? []
  if (group === undefined) return false
  const isMade = rules.some((rule) => isRuleAbout(rule, group, 'v1', `${kind?.toLowerCase()}s`))
  return isMade && (kind === 'Job' || isSelected(ofObjects, pod))
}

/** The kinds that stand for a pod where a policy names kinds. */
export function kindsOf(pod: NewPod): string[] {
  return ['Pod', pod.kind, ...(between(pod)?.slice(1) ?? [])]
}

/** That an object is made; an update of what is there makes other pods too. */
function isRuleAbout(rule: Fields, group: string, version: string, resource: string): boolean {
  const { operations, apiGroups, apiVersions, resources, scope } = rule
  const has = (list: unknown, ...words: string[]) => textsOf(list).some((word) => word === '*' || words.includes(word))
  return (
    has(operations, 'CREATE', 'UPDATE') &&
    has(apiGroups, group) &&
    has(apiVersions, version) &&
    has(resources, resource, '*/*') &&
    scope !== 'Cluster'
  )
}

/** Whether what has these labels may be selected; what is no selector selects everything. */
export function isSelected(selector: unknown, { labels, pending }: Pick<NewPod, 'labels' | 'pending'>): boolean {
  return !isObject(selector) || willSelect(selector as LabelSelector, labels, pending) !== false
}

const NAMESPACE_NAME = 'kubernetes.io/metadata.name'

/** Whether a pod may be in a namespace that a selector means. */
export function mayBeIn({ namespace, namespaceLabels }: NewPod, selector: unknown): boolean {
  if (!isObject(selector)) return true
  const isDecided = namespaceLabels || selectorKeys(selector as LabelSelector).every((key) => key === NAMESPACE_NAME)
  return !isDecided || selects(selector as LabelSelector, { ...namespaceLabels, [NAMESPACE_NAME]: namespace })
}

/** Of a list of rules that is not there, all there is. */
const ALL: readonly Fields[] = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }]

/** The same, of the `matchConstraints` of a policy or the `matchResources` of its binding. */
export function constrainedTo(constraints: unknown): Matcher {
  const { resourceRules, ...selectors } = isObject(constraints) ? constraints : {}
  return matcherOf({ ...selectors, rules: Array.isArray(resourceRules) ? resourceRules : ALL })
}

/**
 * Whether what a rule of Kyverno matches is a pod or what makes it: `Pod`, `v1/Pod`, `apps/v1/Deployment`, `*`. A rule
 * about pods is one about what makes them.
 */
export function isForPods(match: unknown, pod: NewPod): boolean {
  const said = JSON.stringify(match ?? '')
  return kindsOf(pod).some((word) => new RegExp(`["/]${word}["/.]`).test(said) || /"\*|\/\*"/.test(said))
}
