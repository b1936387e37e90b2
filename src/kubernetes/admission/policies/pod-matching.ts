import { isObject, objectsOf, textsOf } from '../../objects/resource.ts'
import {
  type LabelSelector,
  type Labels,
  type PendingLabels,
  selectorKeys,
  selects,
  willSelect,
} from '../../pods/label-selector.ts'
import { matchCondition } from './match-conditions.ts'

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
  /** Claims are made for it. */
  readonly hasClaims?: boolean
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

/** A form in which a policy meets a pod: itself, what makes it, or what stands between. */
export interface Appearance extends Pick<NewPod, 'namespace' | 'namespaceLabels' | 'pending'> {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** As rules name it: `pods`, `pods/binding`. */
  readonly resource: string
  /** Undefined where a controller makes it up. */
  readonly name: string | undefined
  /** Undefined where nobody can tell. */
  readonly labels: Labels | undefined
}

/** What controllers make of a workload beside pods: their labels are those of the pod, or stand in the workload. */
const BETWEEN: Readonly<Record<string, readonly [group: string, kind: string]>> = {
  'apps/Deployment': ['apps', 'ReplicaSet'],
  'apps/StatefulSet': ['apps', 'ControllerRevision'],
  'apps/DaemonSet': ['apps', 'ControllerRevision'],
  'batch/CronJob': ['batch', 'Job'],
  'argoproj.io/Rollout': ['apps', 'ReplicaSet'],
  'apps.openshift.io/DeploymentConfig': ['', 'ReplicationController'],
  'keda.sh/ScaledJob': ['batch', 'Job'],
  'jobset.x-k8s.io/JobSet': ['batch', 'Job'],
  'leaderworkerset.x-k8s.io/LeaderWorkerSet': ['apps', 'StatefulSet'],
}

/** Kinds whose labels are not those of the template. */
const OTHER_LABELS: ReadonlySet<string> = new Set(['Job', 'StatefulSet'])

export function appearancesOf(pod: NewPod): Appearance[] {
  const { namespace, namespaceLabels, labels, pending, apiVersion, kind, name, ownLabels, hasClaims } = pod
  const unknown = { labels: undefined, pending: undefined }
  const made = (group: string, madeKind: string, marks: Pick<Appearance, 'labels' | 'pending'>): Appearance => ({
    ...{ namespace, namespaceLabels, group, version: 'v1', kind: madeKind, name: undefined, ...marks },
    resource: `${madeKind.toLowerCase()}s`,
  })
  const isPod = kind === 'Pod' && apiVersion === 'v1'
  // A name that the API server completes, or that of a template beside others.
  const known = /[* ]/.test(name) ? undefined : name
  const itself = { ...made('', 'Pod', { labels, pending }), name: isPod ? known : undefined }
  const besides = [
    { ...made('', 'Binding', { labels: {}, pending: undefined }), resource: 'pods/binding' },
    ...(hasClaims ? [made('', 'PersistentVolumeClaim', unknown)] : []),
  ]
  if (isPod) return [itself, ...besides]
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const own = { ...made(group, kind, { labels: ownLabels, pending: undefined }), version, name: known }
  const [ofGroup, between] = BETWEEN[`${group}/${kind}`] ?? []
  if (ofGroup === undefined || between === undefined) return [itself, own, ...besides]
  const marks = OTHER_LABELS.has(between) ? unknown : { labels, pending }
  return [itself, own, made(ofGroup, between, marks), ...besides]
}

/** Whether a webhook may be asked about a pod. Source: kubernetes 1.34, pkg/admission/plugin/webhook/predicates. */
export function matcherOf({ rules, namespaceSelector, objectSelector, ...more }: Fields): Matcher {
  const own = objectsOf(rules as Fields[] | undefined)
  const excluded = objectsOf(more.excludeResourceRules as Fields[] | undefined)
  const conditions = objectsOf(more.matchConditions as Fields[] | undefined).map(({ expression }) =>
    matchCondition(expression),
  )
  return (pod) =>
    mayBeIn(pod, namespaceSelector) &&
    appearancesOf(pod).some(
      (one) =>
        own.some((rule) => isRuleAbout(rule, one)) &&
        isSelected(objectSelector, one) &&
        !excluded.some((rule) => isSurelyAbout(rule, one)) &&
        conditions.every((holds) => holds(one) !== false),
    )
}

/** That an object is made; an update of what is there makes other pods too. */
function isRuleAbout({ operations, ...rule }: Fields, one: Appearance): boolean {
  return has(operations, 'CREATE', 'UPDATE') && isRuleFor(rule, one)
}

/** That a rule is about it, whatever its name turns out to be, and however it changes. */
function isSurelyAbout({ operations, ...rule }: Fields, one: Appearance): boolean {
  const isAlways = has(operations, 'CREATE') && (one.name === undefined || has(operations, 'UPDATE'))
  const names = textsOf(rule.resourceNames)
  return isAlways && isRuleFor(rule, one) && (names.length === 0 || names.includes(one.name ?? ''))
}

function isRuleFor({ apiGroups, apiVersions, resources, scope, resourceNames }: Fields, one: Appearance): boolean {
  const names = textsOf(resourceNames)
  return (
    has(apiGroups, one.group) &&
    has(apiVersions, one.version) &&
    isNamed(resources, one.resource) &&
    scope !== 'Cluster' &&
    (names.length === 0 || one.name === undefined || names.includes(one.name))
  )
}

/** `*` is every resource, and no subresource. */
function isNamed(resources: unknown, resource: string): boolean {
  const [main = '', sub] = resource.split('/')
  const names = sub === undefined ? [main, '*', '*/*'] : [resource, `${main}/*`, `*/${sub}`, '*/*']
  return textsOf(resources).some((name) => names.includes(name))
}

function has(list: unknown, ...words: string[]): boolean {
  return textsOf(list).some((word) => word === '*' || words.includes(word))
}

/** Whether what has these labels may be selected; what is no selector selects everything. */
export function isSelected(
  selector: unknown,
  { labels, pending }: Partial<Pick<Appearance, 'labels' | 'pending'>>,
): boolean {
  return !isObject(selector) || !labels || willSelect(selector as LabelSelector, labels, pending) !== false
}

const NAMESPACE_NAME = 'kubernetes.io/metadata.name'

/** Whether a pod may be in a namespace that a selector means. */
export function mayBeIn(
  { namespace, namespaceLabels }: Pick<NewPod, 'namespace' | 'namespaceLabels'>,
  selector: unknown,
): boolean {
  if (!isObject(selector)) return true
  const isDecided = namespaceLabels || selectorKeys(selector as LabelSelector).every((key) => key === NAMESPACE_NAME)
  return !isDecided || selects(selector as LabelSelector, { ...namespaceLabels, [NAMESPACE_NAME]: namespace })
}

/** Of a list of rules that is not there, all there is. */
const ALL: readonly Fields[] = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }]

/** The same, of the `matchConstraints` of a policy or the `matchResources` of its binding, and its `matchConditions`. */
export function constrainedTo(constraints: unknown, matchConditions?: unknown): Matcher {
  const { resourceRules, ...selectors } = isObject(constraints) ? constraints : {}
  return matcherOf({ ...selectors, matchConditions, rules: Array.isArray(resourceRules) ? resourceRules : ALL })
}
