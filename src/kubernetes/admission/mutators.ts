import { valueAt } from '../documents/path.ts'
import { isObject, nameOfResource, objectsOf, type Resource, textsOf } from '../objects/resource.ts'
import { type LabelSelector, type Labels, selectorKeys, selects } from '../pods/label-selector.ts'

/** A pod on its way through admission, and the workload that it is made of. */
export interface NewPod {
  /** Of the workload. */
  readonly kind: string
  readonly apiVersion: string
  readonly ownLabels: Labels
  readonly namespace: string
  readonly labels: Labels
  /** Of its namespace; undefined where they are not known. */
  readonly namespaceLabels: Labels | undefined
}

/** Something in a cluster that may change pods, or the workloads that make them, before they are stored. */
export interface Mutator {
  /** `MutatingWebhookConfiguration istio-sidecar-injector`. */
  readonly name: string
  /** Whether it may be about a pod; conditions that only a cluster can evaluate are taken to hold. */
  readonly isAbout: (pod: NewPod) => boolean
}

type Fields = Readonly<Record<string, unknown>>

/** The mutators that a resource is: webhooks, and policies of Kubernetes, Kyverno and Gatekeeper. */
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
  const isPod = rules.some((rule) => isRuleAbout(rule, '', 'v1', 'pods')) && isSelected(ofObjects, pod.labels)
  const resource = `${pod.kind.toLowerCase()}s`
  const isOwn = rules.some((rule) => isRuleAbout(rule, group ?? '', version ?? '', resource))
  return isPod || (isOwn && isSelected(ofObjects, pod.ownLabels))
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

function isSelected(selector: unknown, labels: Labels): boolean {
  return !isObject(selector) || selects(selector as LabelSelector, labels)
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
  return ['Pod', pod.kind].some((word) => new RegExp(`["/]${word}["/.]`).test(said) || /"\*|\/\*"/.test(said))
}

function gatekeeper({ value }: Resource): ReturnType<Matchers> {
  const said = JSON.stringify([valueAt(value, ['spec', 'applyTo']), valueAt(value, ['spec', 'match', 'kinds'])])
  const namespaces = textsOf(valueAt(value, ['spec', 'match', 'namespaces']))
  return [
    (pod) => {
      const isHere = namespaces.length === 0 || namespaces.some((one) => one === pod.namespace || one.includes('*'))
      return isHere && ['Pod', pod.kind, '*'].some((word) => said.includes(`"${word}"`))
    },
  ]
}
