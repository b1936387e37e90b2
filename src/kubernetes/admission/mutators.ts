import { valueAt } from '../documents/path.ts'
import { isObject, nameOfResource, objectsOf, type Resource } from '../objects/resource.ts'
import { gatekeeperMatch } from './policies/gatekeeper-match.ts'
import { ruleMatcher, targetMatcher, verifiedImages } from './policies/kyverno-rule.ts'
import { decides, mutatingPolicies } from './policies/mutating-policies.ts'
import { type Matcher, type Mutator, matcherOf } from './policies/pod-matching.ts'

type Fields = Readonly<Record<string, unknown>>

/** The mutators among resources: webhooks, policies of Kubernetes, Kyverno, Gatekeeper and Kubewarden, autoscalers of requests. */
export function mutatorsOf(resources: readonly Resource[]): Mutator[] {
  const others = resources.flatMap((resource) => {
    const group = resource.apiVersion.split('/')[0] ?? ''
    const of = KINDS[`${group}/${resource.kind}`]
    const name = nameOfResource(resource)
    return of ? of(resource).map((isAbout) => ({ name, isAbout })) : []
  })
  return [...others, ...mutatingPolicies(resources)]
}

type Matchers = (resource: Resource) => Matcher[]

const KINDS: Readonly<Record<string, Matchers>> = {
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': ({ value }) => webhooksOf(value).map(matcherOf),
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

function kyverno({ kind, namespace, value }: Resource): ReturnType<Matchers> {
  const rules = objectsOf(valueAt(value, ['spec', 'rules']) as Fields[] | undefined)
  return rules
    .filter(({ mutate, verifyImages }) => verifyImages || decides(mutate))
    .map((rule) => {
      const [isMatched, isVerified] = [ruleMatcher(rule), verifiedImages(rule.verifyImages)]
      const isChanged: Matcher = (pod) => isMatched(pod) && (decides(rule.mutate) || isVerified(pod))
      const matchers = [isChanged, targetMatcher(rule.mutate)]
      return (pod) =>
        (kind === 'ClusterPolicy' || namespace === pod.namespace) && matchers.some((isAbout) => isAbout(pod))
    })
}

/** `applyTo` names the kinds that it can change, `match` those that it does. */
function gatekeeper({ value }: Resource): ReturnType<Matchers> {
  const applied = gatekeeperMatch({ kinds: valueAt(value, ['spec', 'applyTo']) })
  const matched = gatekeeperMatch(valueAt(value, ['spec', 'match']))
  return [(pod) => applied(pod) && matched(pod)]
}

/** One that says that it changes what it is asked about. */
function kubewarden(resource: Resource): ReturnType<Matchers> {
  return valueAt(resource.value, ['spec', 'mutating']) === true ? asWebhook(resource) : []
}

/** A policy of Kubewarden is asked as a webhook is. */
export function asWebhook({ namespace, value }: Resource): Matcher[] {
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
