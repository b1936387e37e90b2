import type {
  MatchResources,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from 'kubernetes-types/admissionregistration/v1.js'
import { type Guard, IMAGE_VARIABLES, inNamespaces, PARAM_KIND, paramsOf } from './guard-images.ts'

/** Without a type of their own: the published one leaves out the fields of the API's inlined rule. */
const NEW_PODS = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }
/** What `kubectl debug` adds to a pod that runs. */
const NEW_CONTAINERS = { ...NEW_PODS, operations: ['UPDATE'], resources: ['pods/ephemeralcontainers'] }
const CHANGED_PODS = { ...NEW_PODS, operations: ['UPDATE'] }

/** Refuses images that no node was seeded with, or warns of them. */
export function guardPolicy(guard: Guard): (ValidatingAdmissionPolicy | ValidatingAdmissionPolicyBinding)[] {
  const name = `${guard.set}-images.nodeseed.dev`
  const policy: ValidatingAdmissionPolicy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      // What fails, such as a list that is not there, is denied whatever the binding's action: a warning would not be one.
      failurePolicy: guard.action === 'deny' ? 'Fail' : 'Ignore',
      paramKind: PARAM_KIND,
      matchConstraints: { resourceRules: [NEW_PODS, NEW_CONTAINERS, CHANGED_PODS] },
      variables: [
        ...IMAGE_VARIABLES,
        {
          name: 'unknown',
          expression: 'variables.images.filter(i, !variables.sets.exists(s, i in s.images))',
        },
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
  }
  return [
    policy,
    binding(guard, name, name, [NEW_PODS, NEW_CONTAINERS], 'Deny'),
    // Controllers write to pods that are there, to let them go for example: that goes on without the list too.
    binding(guard, name, `${guard.set}-changed-images.nodeseed.dev`, [CHANGED_PODS], 'Allow'),
  ]
}

function binding(
  guard: Guard,
  policyName: string,
  name: string,
  resourceRules: NonNullable<MatchResources['resourceRules']>,
  parameterNotFoundAction: 'Allow' | 'Deny',
): ValidatingAdmissionPolicyBinding {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName,
      paramRef: { ...paramsOf(guard), parameterNotFoundAction },
      validationActions: guard.action === 'deny' ? ['Deny'] : ['Warn', 'Audit'],
      matchResources: { ...inNamespaces(guard), resourceRules },
    },
  }
}
