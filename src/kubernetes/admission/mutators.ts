import { valueAt } from '../documents/path.ts'
import { isObject, nameOfResource, objectsOf, type Resource, textsOf } from '../objects/resource.ts'
import {
  type LabelSelector,
  type Labels,
  type PendingLabels,
  selectorKeys,
  selects,
  willSelect,
} from '../pods/label-selector.ts'

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

/** The mutators that a resource is: webhooks, policies of Kubernetes, Kyverno, Gatekeeper and Kubewarden, autoscalers of requests. */
export function mutatorsOf(resource: Resource): Mutator[] {
  const group = resource.apiVersion.split('/')[0] ?? ''
  const of = KINDS[`${group}/${resource.kind}`]
  const name = nameOfResource(resource)
  return of ? of(resource).map((isAbout) => ({ name, isAbout })) : []
}

type Matchers = (resource: Resource) => ((pod: NewPod) => boolean)[]

const KINDS: Readonly<Record<string, Matchers>> = {
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': ({ value }) => webhooksOf(value).map(matcherOf),
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': policy,
  'policies.kyverno.io/MutatingPolicy': policy,
  'policies.kyverno.io/NamespacedMutatingPolicy': policy,
  'kyverno.io/ClusterPolicy': kyverno,
  'kyverno.io/Policy': kyverno,
  'mutations.gatekeeper.sh/Assign': gatekeeper,
  'mutations.gatekeeper.sh/AssignImage': gatekeeper,
  'mutations.gatekeeper.sh/ModifySet': gatekeeper,
  'policies.kubewarden.io/ClusterAdmissionPolicy': kubewarden,
  'policies.kubewarden.io/AdmissionPolicy': kubewarden,
  'autoscaling.k8s.io/VerticalPodAutoscaler': autoscaler,
}

/** The webhooks of a MutatingWebhookConfiguration or a ValidatingWebhookConfiguration. */
export function webhooksOf(value: Fields): readonly Fields[] {
  return objectsOf(value.webhooks as Fields[] | undefined)
}

/** Whether a webhook may be asked about a pod. Source: kubernetes 1.34, pkg/admission/plugin/webhook/predicates. */
export function matcherOf({ rules, namespaceSelector, objectSelector }: Fields): (pod: NewPod) => boolean {
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

/** What of a pod decides where it goes and whether it starts. */
const DECIDES = /containers|image|volumes|nodeselector|affinity|tolerations|nodename|schedul|class|resources|hostport/i

/** Those of ours give pods the selector of the nodes that hold their images. */
const OURS = /\.nodeseed\.dev$/

function policy({ name, namespace, value }: Resource): ReturnType<Matchers> {
  if (OURS.test(name) || !DECIDES.test(JSON.stringify(valueAt(value, ['spec', 'mutations']) ?? ''))) return []
  const constraints = valueAt(value, ['spec', 'matchConstraints'])
  const { resourceRules, ...selectors } = isObject(constraints) ? constraints : {}
  const matches = matcherOf({ ...selectors, rules: resourceRules })
  return [(pod) => (!namespace || namespace === pod.namespace) && matches(pod)]
}

function kyverno({ kind, namespace, value }: Resource): ReturnType<Matchers> {
  const rules = objectsOf(valueAt(value, ['spec', 'rules']) as Fields[] | undefined)
  return rules
    .filter(({ mutate, verifyImages }) => verifyImages || DECIDES.test(JSON.stringify(mutate ?? '')))
    .map(
      ({ match }) =>
        (pod) =>
          (kind === 'ClusterPolicy' || namespace === pod.namespace) && isForPods(match, pod),
    )
}

/**
 * Whether what a rule of Kyverno matches is a pod or what makes it: `Pod`, `v1/Pod`, `apps/v1/Deployment`, `*`. A rule
 * about pods is one about what makes them.
 */
export function isForPods(match: unknown, pod: NewPod): boolean {
  const said = JSON.stringify(match ?? '')
  return kindsOf(pod).some((word) => new RegExp(`["/]${word}["/.]`).test(said) || /"\*|\/\*"/.test(said))
}

function gatekeeper({ value }: Resource): ReturnType<Matchers> {
  const said = JSON.stringify([valueAt(value, ['spec', 'applyTo']), valueAt(value, ['spec', 'match', 'kinds'])])
  const namespaces = textsOf(valueAt(value, ['spec', 'match', 'namespaces']))
  return [
    (pod) => {
      const isHere = namespaces.length === 0 || namespaces.some((one) => one === pod.namespace || one.includes('*'))
      return isHere && [...kindsOf(pod), '*'].some((word) => said.includes(`"${word}"`))
    },
  ]
}

/** One that says that it changes what it is asked about. */
function kubewarden(resource: Resource): ReturnType<Matchers> {
  return valueAt(resource.value, ['spec', 'mutating']) === true ? asWebhook(resource) : []
}

/** A policy of Kubewarden is asked as a webhook is. */
export function asWebhook({ namespace, value }: Resource): ((pod: NewPod) => boolean)[] {
  const spec = isObject(value.spec) ? value.spec : {}
  if (spec.mode === 'monitor') return []
  const matches = matcherOf(spec)
  return [(pod) => (!namespace || namespace === pod.namespace) && matches(pod)]
}

/** It gives pods other requests as they are made, unless it is told only to recommend them. */
function autoscaler({ namespace, value }: Resource): ReturnType<Matchers> {
  if (valueAt(value, ['spec', 'updatePolicy', 'updateMode']) === 'Off') return []
  const target = valueAt(value, ['spec', 'targetRef'])
  const { kind, name } = isObject(target) ? target : {}
  return [(pod) => pod.kind === kind && pod.name === name && pod.namespace === (namespace || 'default')]
}
