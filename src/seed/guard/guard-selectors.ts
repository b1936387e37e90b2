import type { MatchResources, Variable } from 'kubernetes-types/admissionregistration/v1.js'
import { SEEDED } from '../../bundle/format/seed-set.ts'
import { type Guard, imageList, inNamespaces, NEW_IMAGES, NO_SPEC } from './guard-images.ts'

/** The types of Kubernetes 1.30 do not have it. */
interface MutatingAdmissionPolicy {
  readonly apiVersion: string
  readonly kind: 'MutatingAdmissionPolicy'
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly failurePolicy: 'Ignore'
    readonly reinvocationPolicy: 'IfNeeded'
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
  const lists = guard.sets.map(({ names }, index) => imageList(`set${index}_`, names))
  const labels = guard.sets.map(
    ({ label }, index) => `(variables.images.all(i, ${lists[index]?.holds}) ? [${JSON.stringify(label.key)}] : [])`,
  )
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Ignore',
        reinvocationPolicy: 'IfNeeded',
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [
          { name: 'is-not-on-a-node-yet', expression: "object.spec.?nodeName.orValue('') == ''" },
          {
            name: 'selects-no-set-yet',
            expression: `!object.spec.?nodeSelector.orValue({}).exists(k, k.startsWith(${prefix}))`,
          },
        ],
        variables: [
          { name: 'spec', expression: 'object.spec' },
          { name: 'oldSpec', expression: NO_SPEC },
          ...NEW_IMAGES,
          ...lists.flatMap(({ variables }) => variables),
          { name: 'labels', expression: labels.join(' + ') || '[]' },
        ],
        // As patches: an apply configuration cannot touch a node selector, which the API takes as one value.
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: PATCH } }],
      },
    },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
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
