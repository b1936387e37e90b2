import { valueAt } from '../../documents/path.ts'
import { isObject, nameOfResource, objectsOf, type Resource } from '../../objects/resource.ts'
import { ruleMatcher } from './kyverno-rule.ts'
import { constrainedTo, type Matcher, type Mutator } from './pod-matching.ts'

const DELETING: Readonly<Record<string, (resource: Resource) => Matcher>> = {
  'policies.kyverno.io/DeletingPolicy': expressed,
  'policies.kyverno.io/NamespacedDeletingPolicy': expressed,
  'kyverno.io/ClusterCleanupPolicy': rule,
  'kyverno.io/CleanupPolicy': rule,
}

/** What deletes pods, or what makes them, from time to time. Source: kyverno.io/docs/policy-types, DeletingPolicy. */
export function deletersOf(resources: readonly Resource[]): Mutator[] {
  return resources.flatMap((resource) => {
    const of = DELETING[`${resource.apiVersion.split('/')[0]}/${resource.kind}`]
    if (!of) return []
    const matches = of(resource)
    const isHere: Matcher = ({ namespace }) => !resource.namespace || resource.namespace === namespace
    return [{ name: nameOfResource(resource), isAbout: (pod) => isHere(pod) && matches(pod) }]
  })
}

/** Its rules are about what is there, whatever operations they name. */
function expressed({ value }: Resource): Matcher {
  const found = valueAt(value, ['spec', 'matchConstraints'])
  const constraints = isObject(found) ? found : {}
  const rules = objectsOf(constraints.resourceRules as object[] | undefined)
  return constrainedTo({ ...constraints, resourceRules: rules.map((one) => ({ ...one, operations: ['*'] })) })
}

function rule({ value }: Resource): Matcher {
  return ruleMatcher(isObject(value.spec) ? value.spec : {})
}
