import { valueAt } from '../documents/path.ts'
import { isObject, nameOfResource, objectsOf, type Resource, textsOf } from '../objects/resource.ts'
import { asWebhook, webhooksOf } from './mutators.ts'
import { gatekeeperMatch } from './policies/gatekeeper-match.ts'
import { imagePolicies } from './policies/image-policies.ts'
import { imageMatcher, ruleMatcher } from './policies/kyverno-rule.ts'
import { constrainedTo, type Matcher, type Mutator, matcherOf } from './policies/pod-matching.ts'

type Fields = Readonly<Record<string, unknown>>

/** Policies of ours keep pods to nodes that hold their images. */
const OURS = /\.nodeseed\.dev$/

/**
 * What may refuse pods, or the workloads that make them: webhooks that validate, policies of Kubernetes with a binding
 * that denies, those of Kyverno that enforce, of Kubewarden, the constraints of Gatekeeper, and what asks of images that
 * they are signed or come from elsewhere. What they ask for is not evaluated.
 */
export function refusersOf(resources: readonly Resource[]): Mutator[] {
  const policies = new Map(resources.filter(isPolicy).map((one) => [one.name, one]))
  return resources
    .filter(({ name }) => !OURS.test(name))
    .flatMap((resource) => {
      const group = resource.apiVersion.split('/')[0] ?? ''
      const name = nameOfResource(resource)
      if (group === 'constraints.gatekeeper.sh') return constraint(resource).map((isAbout) => ({ name, isAbout }))
      if (group === 'admissionregistration.k8s.io' && resource.kind === 'ValidatingAdmissionPolicyBinding')
        return binding(resource, policies)
      const of = KINDS[`${group}/${resource.kind}`] ?? imagePolicies[`${group}/${resource.kind}`]
      return of ? of(resource).map((isAbout) => ({ name, isAbout })) : []
    })
}

function isPolicy({ kind, apiVersion }: Resource): boolean {
  return kind === 'ValidatingAdmissionPolicy' && apiVersion.startsWith('admissionregistration.k8s.io/')
}

function binding({ name: own, value }: Resource, policies: ReadonlyMap<string, Resource>): Mutator[] {
  const spec = isObject(value.spec) ? value.spec : {}
  const name = String(spec.policyName)
  if (!textsOf(spec.validationActions).includes('Deny') || OURS.test(name) || OURS.test(own)) return []
  const policy = policies.get(name)
  const { matchConstraints, matchConditions }: Fields = isObject(policy?.value.spec) ? policy.value.spec : {}
  const byPolicy = constrainedTo(matchConstraints, matchConditions)
  const byBinding = constrainedTo(spec.matchResources)
  return [{ name: `ValidatingAdmissionPolicy ${name}`, isAbout: (pod) => byPolicy(pod) && byBinding(pod) }]
}

const KINDS: Readonly<Record<string, (resource: Resource) => Matcher[]>> = {
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': ({ value }) => webhooksOf(value).map(matcherOf),
  'policies.kubewarden.io/ClusterAdmissionPolicy': asWebhook,
  'policies.kubewarden.io/AdmissionPolicy': asWebhook,
  'policies.kubewarden.io/ClusterAdmissionPolicyGroup': asWebhook,
  'policies.kubewarden.io/AdmissionPolicyGroup': asWebhook,
  'kyverno.io/ClusterPolicy': rules,
  'kyverno.io/Policy': rules,
  'policies.kyverno.io/ValidatingPolicy': expressed,
  'policies.kyverno.io/NamespacedValidatingPolicy': expressed,
  'policies.kyverno.io/ImageValidatingPolicy': expressed,
  'policies.kyverno.io/NamespacedImageValidatingPolicy': expressed,
}

const ENFORCES = /^enforce$/i

/** Rules audit unless they, or their policy, say that they enforce. */
function rules({ kind, namespace, value }: Resource): Matcher[] {
  const spec = isObject(value.spec) ? value.spec : {}
  const isEnforcing = ({ validate }: Fields) => {
    const said = [spec.validationFailureAction, valueAt(validate, ['failureAction'])]
    const overrides = [spec.validationFailureActionOverrides, valueAt(validate, ['failureActionOverrides'])]
    const others = overrides.flatMap((list) => objectsOf(list as Fields[]).map(({ action }) => action))
    return [...said, ...others].some((action) => ENFORCES.test(String(action)))
  }
  return objectsOf(spec.rules as Fields[])
    .filter((rule) => isObject(rule.validate) && isEnforcing(rule))
    .map((rule) => {
      const isAbout = ruleMatcher(rule)
      return (pod) => (kind === 'ClusterPolicy' || namespace === pod.namespace) && isAbout(pod)
    })
}

/** They deny unless they say otherwise. */
function expressed({ namespace, value }: Resource): Matcher[] {
  const actions = textsOf(valueAt(value, ['spec', 'validationActions']))
  if (actions.length > 0 && !actions.includes('Deny')) return []
  const matches = constrainedTo(
    valueAt(value, ['spec', 'matchConstraints']),
    valueAt(value, ['spec', 'matchConditions']),
  )
  const globs = objectsOf(valueAt(value, ['spec', 'matchImageReferences']) as Fields[] | undefined)
  // What an expression says of images is not evaluated.
  const patterns = globs.map(({ glob }) => (typeof glob === 'string' ? glob : '*'))
  const hasImage = imageMatcher(patterns)
  return [(pod) => (!namespace || namespace === pod.namespace) && matches(pod) && hasImage(pod)]
}

/** It denies unless it says otherwise. */
function constraint({ value }: Resource): Matcher[] {
  const action = valueAt(value, ['spec', 'enforcementAction'])
  if (action === 'dryrun' || action === 'warn') return []
  return [gatekeeperMatch(valueAt(value, ['spec', 'match']))]
}
