import { valueAt } from '../../documents/path.ts'
import { isObject, nameOfResource, objectsOf, type Resource } from '../../objects/resource.ts'
import { constrainedTo, type Matcher, type Mutator } from './pod-matching.ts'

type Fields = Readonly<Record<string, unknown>>

/** What of a pod decides where it goes and whether it starts. */
const DECIDES =
  /containers|image|volumes|nodeselector|affinity|tolerations|nodename|schedul|class|resources|host(?:port|network|users)|security|serviceaccount|priority|overhead|topology|\bos\b|env/i

/** Those of ours give pods the selector of the nodes that hold their images. */
const OURS = /\.nodeseed\.dev$/

const KUBERNETES = 'admissionregistration.k8s.io'
const KYVERNO = 'policies.kyverno.io'

/**
 * What may change pods in expressions: MutatingAdmissionPolicies, by their bindings, and MutatingPolicies of Kyverno. One
 * whose bindings are not here may have some elsewhere, and so may a binding have its policy.
 */
export function mutatingPolicies(resources: readonly Resource[]): Mutator[] {
  const own = resources.filter((one) => isOf(one, KUBERNETES, 'MutatingAdmissionPolicy'))
  const bindings = resources.filter((one) => isOf(one, KUBERNETES, 'MutatingAdmissionPolicyBinding'))
  const byPolicy = Map.groupBy(bindings, ({ value }) => String(valueAt(value, ['spec', 'policyName'])))
  const known = new Set(own.map(({ name }) => name))
  return [
    ...own.flatMap((policy) => expressed(policy, byPolicy.get(policy.name))),
    ...[...byPolicy].flatMap(([name, bound]) =>
      known.has(name) || OURS.test(name)
        ? []
        : [{ name: `MutatingAdmissionPolicy ${name}`, isAbout: anyOf(bound.map(boundTo)) }],
    ),
    ...resources
      .filter((one) => isOf(one, KYVERNO, 'MutatingPolicy') || isOf(one, KYVERNO, 'NamespacedMutatingPolicy'))
      .flatMap((policy) => expressed(policy)),
  ]
}

function expressed(resource: Resource, bindings?: readonly Resource[]): Mutator[] {
  const { name, namespace, value } = resource
  const spec = isObject(value.spec) ? value.spec : {}
  if (OURS.test(name) || !mayDecide(spec)) return []
  // What a policy of Kyverno changes may be something else than what makes it act.
  const isMatching = anyOf([
    constrainedTo(spec.matchConstraints, spec.matchConditions),
    ...listed(spec.targetMatchConstraints).map((one) => constrainedTo(one)),
  ])
  const isBound = bindings ? anyOf(bindings.map(boundTo)) : () => true
  const isAbout: Matcher = (pod) => (!namespace || namespace === pod.namespace) && isMatching(pod) && isBound(pod)
  return [{ name: nameOfResource(resource), isAbout }]
}

/** Whether the mutations of a policy may change what decides about a pod: they name it, or nobody can see what they do. */
function mayDecide({ mutations, variables }: Fields): boolean {
  const texts = new Map(objectsOf(variables as Fields[]).map(({ name, expression }) => [name, String(expression)]))
  const expressions = objectsOf(mutations as Fields[]).map((mutation) => {
    const { expression } = [mutation.jsonPatch, mutation.applyConfiguration].find(isObject) ?? {}
    return withVariables(String(expression ?? ''), texts)
  })
  return expressions.some((text) => DECIDES.test(text) || isOpaque(text))
}

/** An expression, and those of the variables in it. */
function withVariables(expression: string, variables: ReadonlyMap<unknown, string>): string {
  let text = expression
  const used = new Set<string>()
  for (const [, name = ''] of text.matchAll(/\bvariables\.(\w+)/g)) used.add(name)
  for (const name of used) {
    const own = variables.get(name) ?? ''
    text += ` ${own}`
    for (const [, further = ''] of own.matchAll(/\bvariables\.(\w+)/g)) used.add(further)
  }
  return text
}

/** A path in an expression that is written there as a whole: of less than a whole object, spec or template. */
const WRITTEN = /^(?:"[^"]*"|'[^']*')(?!\s*\+)/
const WHOLE = /^["'](?:\/(?:spec|template|jobTemplate))*\/?["']/

/** It builds neither an object nor patches of paths that are written there, and of which one sees what they are about. */
function isOpaque(expression: string): boolean {
  if (!/\bObject\s*\{|\bJSONPatch\s*\{/.test(expression)) return true
  const paths = Array.from(expression.matchAll(/\bpath\s*:\s*/g), ({ index, 0: { length } }) =>
    expression.slice(index + length),
  )
  const areWritten = paths.every((path) => /^["']\/metadata\//.test(path) || (WRITTEN.test(path) && !WHOLE.test(path)))
  return !areWritten || /\bspec\s*:\s*(?!Object\.)/.test(expression)
}

function boundTo({ value }: Resource): Matcher {
  return constrainedTo(valueAt(value, ['spec', 'matchResources']))
}

function anyOf(matchers: readonly Matcher[]): Matcher {
  return (pod) => matchers.some((isAbout) => isAbout(pod))
}

function listed(constraints: unknown): unknown[] {
  return isObject(constraints) ? [constraints] : []
}

function isOf({ apiVersion, kind }: Resource, group: string, wanted: string): boolean {
  return kind === wanted && apiVersion.startsWith(`${group}/`)
}

/** Whether a change as Kyverno's rules write it may be one of what decides about a pod. */
export function decides(mutation: unknown): boolean {
  return DECIDES.test(JSON.stringify(mutation ?? ''))
}
