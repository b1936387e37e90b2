import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from 'kubernetes-types/admissionregistration/v1.js'
import { type Guard, imageList, inNamespaces, NEW_IMAGES, NO_SPEC } from './guard-images.ts'

/** Without types of their own: the published one leaves out the fields of the API's inlined rule. */
const WRITES = { apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'] }
const PODS = [
  { ...WRITES, apiGroups: [''], resources: ['pods'] },
  // What kubectl debug adds to a pod that runs.
  { ...WRITES, apiGroups: [''], resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] },
]
const WORKLOADS = [
  { ...WRITES, apiGroups: [''], resources: ['replicationcontrollers', 'podtemplates'] },
  { ...WRITES, apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'] },
  { ...WRITES, apiGroups: ['batch'], resources: ['jobs', 'cronjobs'] },
]

/**
 * A static pod runs already when the kubelet shows it to the API; refused, nobody would see it there. The annotation
 * cannot be misused: a kubelet runs no pod that has it.
 */
const NO_MIRROR = {
  name: 'is-no-static-pod',
  expression: "!('kubernetes.io/config.mirror' in object.metadata.?annotations.orValue({}))",
}

/** The pod spec of whatever the rules match. `dyn`, because no kind has all these fields. */
function podSpecOf(object: string): string {
  const spec = `dyn(${object}).spec`
  const template = `dyn(${object}).template`
  return `has(${template}) ? ${template}.spec : has(${spec}.jobTemplate) ? ${spec}.jobTemplate.spec.template.spec : has(${spec}.template) ? ${spec}.template.spec : ${spec}`
}

/**
 * Refuses pods with images that no node was seeded with, or warns of them. Who writes a workload is warned in any case:
 * only a controller hears what is said of its pods.
 */
export function guardPolicy(guard: Guard): (ValidatingAdmissionPolicy | ValidatingAdmissionPolicyBinding)[] {
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
        matchConstraints: { resourceRules: [...PODS, ...WORKLOADS] },
        matchConditions: [NO_MIRROR],
        variables: [
          { name: 'spec', expression: podSpecOf('object') },
          { name: 'oldSpec', expression: `oldObject == null ? ${NO_SPEC} : (${podSpecOf('oldObject')})` },
          ...NEW_IMAGES,
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
    binding(guard, name, {
      policyName: name,
      rules: PODS,
      actions: guard.action === 'deny' ? ['Deny'] : ['Warn', 'Audit'],
    }),
    binding(guard, `${guard.set}-workloads.nodeseed.dev`, { policyName: name, rules: WORKLOADS, actions: ['Warn'] }),
  ]
}

function binding(
  guard: Guard,
  name: string,
  { policyName, rules, actions }: { policyName: string; rules: typeof PODS; actions: string[] },
): ValidatingAdmissionPolicyBinding {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName,
      validationActions: actions,
      matchResources: { ...inNamespaces(guard), resourceRules: rules },
    },
  }
}
