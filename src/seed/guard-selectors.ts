import type { MatchResources, Variable } from 'kubernetes-types/admissionregistration/v1.js'
import { SEEDED } from '../seed-set.ts'
import { type Guard, IMAGE_VARIABLES, inNamespaces, PARAM_KIND, paramsOf } from './guard-images.ts'

/** The types of Kubernetes 1.30 do not have it. */
interface MutatingAdmissionPolicy {
  readonly apiVersion: string
  readonly kind: 'MutatingAdmissionPolicy'
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly failurePolicy: 'Ignore'
    readonly reinvocationPolicy: 'IfNeeded'
    readonly paramKind: { readonly apiVersion: 'v1'; readonly kind: 'ConfigMap' }
    readonly matchConstraints: MatchResources
    readonly matchConditions: readonly { readonly name: string; readonly expression: string }[]
    readonly variables: readonly Variable[]
    readonly mutations: readonly {
      readonly patchType: 'JSONPatch'
      readonly jsonPatch: { readonly expression: string }
    }[]
  }
}

interface MutatingAdmissionPolicyBinding {
  readonly apiVersion: string
  readonly kind: 'MutatingAdmissionPolicyBinding'
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly policyName: string
    readonly paramRef: { readonly name: string; readonly namespace: string; readonly parameterNotFoundAction: 'Allow' }
    readonly matchResources: MatchResources
  }
}

/**
 * Gives each new pod the node selector of the set that holds all its images. One that several sets hold, none of which
 * has to be right, may run where any of them is: that is an affinity.
 */
export function guardSelectors(guard: Guard): [MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding] {
  const apiVersion = `admissionregistration.k8s.io/${guard.mutatingApi}`
  const name = `${guard.set}-selectors.nodeseed.dev`
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }
  const prefix = JSON.stringify(guard.labelPrefix)
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Ignore',
        reinvocationPolicy: 'IfNeeded',
        paramKind: PARAM_KIND,
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [
          { name: 'is-not-on-a-node-yet', expression: "object.spec.?nodeName.orValue('') == ''" },
          {
            name: 'selects-no-set-yet',
            expression: `!object.spec.?nodeSelector.orValue({}).exists(k, k.startsWith(${prefix}))`,
          },
        ],
        variables: [
          ...IMAGE_VARIABLES,
          {
            name: 'labels',
            expression: `variables.sets.filter(s, variables.images.all(i, i in s.images)).map(s, ${prefix} + s.digest[0])`,
          },
        ],
        // As patches: an apply configuration may not touch a node selector, which the API takes as one value.
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: PATCH } }],
      },
    },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        paramRef: { ...paramsOf(guard), parameterNotFoundAction: 'Allow' },
        matchResources: inNamespaces(guard),
      },
    },
  ]
}

const SELECTOR = [
  'has(object.spec.nodeSelector)',
  `? [JSONPatch{op: "add", path: "/spec/nodeSelector/" + jsonpatch.escapeKey(variables.labels[0]), value: "${SEEDED}"}]`,
  `: [JSONPatch{op: "add", path: "/spec/nodeSelector", value: {variables.labels[0]: "${SEEDED}"}}]`,
].join(' ')

const AFFINITY = [
  '[JSONPatch{op: "add", path: "/spec/affinity", value: {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":',
  '{"nodeSelectorTerms": variables.labels.map(l, {"matchExpressions": [{"key": l, "operator": "Exists"}]})}}}}]',
].join(' ')

const PATCH = `variables.labels.size() == 1 ? (${SELECTOR}) : variables.labels.size() > 1 && !has(object.spec.affinity) ? ${AFFINITY} : []`
