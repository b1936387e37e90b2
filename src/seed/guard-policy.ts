import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from 'kubernetes-types/admissionregistration/v1.js'
import { type Guard, imageList, inNamespaces, POD_IMAGES } from './guard-images.ts'

/** Without a type of their own: the published one leaves out the fields of the API's inlined rule. */
const PODS = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] }
/** What `kubectl debug` adds to a pod that runs. */
const NEW_CONTAINERS = { ...PODS, operations: ['UPDATE'], resources: ['pods/ephemeralcontainers'] }

/** Refuses images that no node was seeded with, or warns of them. */
export function guardPolicy(guard: Guard): [ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding] {
  const name = `${guard.set}-images.nodeseed.dev`
  const { variables, holds } = imageList(
    'seeded',
    guard.sets.flatMap(({ names }) => names),
  )
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        // What cannot be judged is denied by Fail, whatever the action of the binding.
        failurePolicy: guard.action === 'deny' ? 'Fail' : 'Ignore',
        matchConstraints: { resourceRules: [PODS, NEW_CONTAINERS] },
        variables: [
          ...POD_IMAGES,
          ...variables,
          { name: 'unknown', expression: `variables.images.filter(i, !${holds})` },
        ],
        validations: [
          {
            expression: 'variables.unknown.size() == 0',
            message: 'no node was seeded with some of its images',
            messageExpression: "'no node was seeded with: ' + variables.unknown.join(', ')",
            reason: 'Forbidden',
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        validationActions: guard.action === 'deny' ? ['Deny'] : ['Warn', 'Audit'],
        matchResources: inNamespaces(guard),
      },
    },
  ]
}
