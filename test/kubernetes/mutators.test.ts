import { expect, test } from 'vitest'
import { injectorsOf, type Marks } from '../../src/kubernetes/admission/injection.ts'
import { mutatorsOf, type NewPod } from '../../src/kubernetes/admission/mutators.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { type Resource, resourcesOf } from '../../src/kubernetes/objects/resource.ts'

const POD: NewPod = {
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  name: 'web',
  ownLabels: { own: '1' },
  namespace: 'shop',
  labels: { app: 'web' },
  namespaceLabels: { team: 'a' },
  images: ['r.example/a/app:1'],
}
const ADMISSION = 'admissionregistration.k8s.io/v1'
const PODS = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }
const DEPLOYMENTS = { ...PODS, apiGroups: ['apps'], resources: ['deployments'] }

function isAbout(apiVersion: string, kind: string, value: object, pod: Partial<NewPod> = {}): boolean {
  const object = { apiVersion, kind, metadata: { name: 'm' }, ...value }
  const [resource] = readAllDocuments(JSON.stringify(object), 'm.json').flatMap(resourcesOf)
  return mutatorsOf(resource as Resource).some((one) => one.isAbout({ ...POD, ...pod }))
}

test.for<[what: string, expected: boolean, webhook: object, pod?: Partial<NewPod>]>([
  ['pods that are made', true, { rules: [PODS] }],
  ['all there is', true, { rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }] }],
  ['the workload itself', true, { rules: [DEPLOYMENTS] }],
  ['another workload', false, { rules: [DEPLOYMENTS] }, { kind: 'StatefulSet' }],
  ['what stands between it and its pods', true, { rules: [{ ...DEPLOYMENTS, resources: ['replicasets'] }] }],
  [
    'what is made of no such workload',
    false,
    { rules: [{ ...DEPLOYMENTS, resources: ['replicasets'] }] },
    { kind: 'StatefulSet' },
  ],
  [
    'Jobs of a CronJob',
    true,
    { rules: [{ ...PODS, apiGroups: ['batch'], resources: ['jobs'] }], objectSelector: { matchLabels: { a: 'b' } } },
    { apiVersion: 'batch/v1', kind: 'CronJob' },
  ],
  ['what has no pods', false, { rules: [{ ...PODS, resources: ['services'] }] }],
  ['pods that go', false, { rules: [{ ...PODS, operations: ['DELETE'] }] }],
  ['exec into pods', false, { rules: [{ ...PODS, resources: ['pods/exec'] }] }],
  ['what is of no namespace', false, { rules: [{ ...PODS, scope: 'Cluster' }] }],
  ['a namespace of these labels', true, { rules: [PODS], namespaceSelector: { matchLabels: { team: 'a' } } }],
  ['a namespace of other labels', false, { rules: [PODS], namespaceSelector: { matchLabels: { team: 'b' } } }],
  [
    'a namespace whose labels are not known',
    true,
    { rules: [PODS], namespaceSelector: { matchLabels: { team: 'b' } } },
    { namespaceLabels: undefined },
  ],
  [
    'another namespace by name',
    false,
    {
      rules: [PODS],
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['shop'] }],
      },
    },
    { namespaceLabels: undefined },
  ],
  ['pods of these labels', true, { rules: [PODS], objectSelector: { matchLabels: { app: 'web' } } }],
  ['pods of other labels', false, { rules: [PODS], objectSelector: { matchLabels: { own: '1' } } }],
  ['workloads of these labels', true, { rules: [DEPLOYMENTS], objectSelector: { matchLabels: { own: '1' } } }],
  [
    'conditions that only a cluster knows',
    true,
    { rules: [PODS], matchConditions: [{ name: 'x', expression: 'false' }] },
  ],
])('a webhook about %s: %s', ([, expected, webhook, pod]) => {
  expect(isAbout(ADMISSION, 'MutatingWebhookConfiguration', { webhooks: [webhook] }, pod)).toBe(expected)
})

const mutations = (expression: string) => ({
  spec: { matchConstraints: { resourceRules: [PODS] }, mutations: [{ jsonPatch: { expression } }] },
})
const kyverno = (mutate: object | undefined, kinds: string[]) => ({
  spec: { rules: [{ match: { any: [{ resources: { kinds } }] }, ...(mutate && { mutate }) }] },
})
const KUBEWARDEN = 'policies.kubewarden.io/v1'
const VPA = 'autoscaling.k8s.io/v1'
const autoscaler = (updatePolicy: object, name = 'web') => ({
  metadata: { name: 'm', namespace: 'shop' },
  spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, updatePolicy },
})
const SIDECAR = { patchStrategicMerge: { spec: { containers: [{ name: 'x', image: 'x' }] } } }

test.for<[what: string, expected: boolean, apiVersion: string, kind: string, value: object]>([
  ['adds a container', true, ADMISSION, 'MutatingAdmissionPolicy', mutations('{path: "/spec/containers/-"}')],
  ['adds a label', false, ADMISSION, 'MutatingAdmissionPolicy', mutations('{path: "/metadata/labels/x"}')],
  ['of Kyverno adds a container', true, 'kyverno.io/v1', 'ClusterPolicy', kyverno(SIDECAR, ['Pod'])],
  ['of Kyverno is about Deployments', true, 'kyverno.io/v1', 'ClusterPolicy', kyverno(SIDECAR, ['apps/v1/Deployment'])],
  ['of Kyverno is about Services', false, 'kyverno.io/v1', 'ClusterPolicy', kyverno(SIDECAR, ['Service'])],
  ['of Kyverno only validates', false, 'kyverno.io/v1', 'ClusterPolicy', kyverno(undefined, ['Pod'])],
  [
    'of Kyverno verifies images, and has them by their digests',
    true,
    'kyverno.io/v1',
    'ClusterPolicy',
    { spec: { rules: [{ match: { any: [{ resources: { kinds: ['Pod'] } }] }, verifyImages: [{}] }] } },
  ],
  ['of Kyverno in another namespace', false, 'kyverno.io/v1', 'Policy', kyverno(SIDECAR, ['Pod'])],
  [
    'of Gatekeeper',
    true,
    'mutations.gatekeeper.sh/v1',
    'Assign',
    { spec: { applyTo: [{ groups: [''], kinds: ['Pod'], versions: ['v1'] }] } },
  ],
  ['of Kyverno is about ReplicaSets', true, 'kyverno.io/v1', 'ClusterPolicy', kyverno(SIDECAR, ['ReplicaSet'])],
  [
    'of Kubewarden changes pods',
    true,
    KUBEWARDEN,
    'ClusterAdmissionPolicy',
    { spec: { mutating: true, rules: [PODS] } },
  ],
  ['of Kubewarden changes nothing', false, KUBEWARDEN, 'ClusterAdmissionPolicy', { spec: { rules: [PODS] } }],
  ['sets requests', true, VPA, 'VerticalPodAutoscaler', autoscaler({})],
  ['only recommends them', false, VPA, 'VerticalPodAutoscaler', autoscaler({ updateMode: 'Off' })],
  ['sets those of others', false, VPA, 'VerticalPodAutoscaler', autoscaler({}, 'api')],
])('a policy that %s: %s', ([, expected, apiVersion, kind, value]) => {
  expect(isAbout(apiVersion, kind, value)).toBe(expected)
})

test('the policy that gives pods our own selectors changes nothing unknown', () => {
  const value = { ...mutations('{path: "/spec/nodeSelector"}'), metadata: { name: 'images-selectors.nodeseed.dev' } }
  expect(isAbout(ADMISSION, 'MutatingAdmissionPolicy', value)).toBe(false)
})

const label = (key: string, value: string): Marks => ({ labels: { [key]: value } })
const note = (key: string, value: string): Marks => ({ annotations: { [key]: value } })

test.for<[pod: Marks, namespace: Marks, expected: string[]]>([
  [{}, label('istio-injection', 'enabled'), ['Istio (istio-injection: enabled)']],
  [{}, label('istio-injection', 'disabled'), []],
  [{}, label('istio.io/rev', 'canary'), ['Istio (istio.io/rev: canary)']],
  [label('sidecar.istio.io/inject', 'false'), label('istio-injection', 'enabled'), []],
  [label('sidecar.istio.io/inject', 'true'), {}, ['Istio (sidecar.istio.io/inject: true)']],
  [note('linkerd.io/inject', 'enabled'), {}, ['Linkerd (linkerd.io/inject: enabled)']],
  [note('linkerd.io/inject', 'disabled'), note('linkerd.io/inject', 'enabled'), []],
  [{}, note('linkerd.io/inject', 'ingress'), ['Linkerd (linkerd.io/inject: ingress)']],
  [note('vault.hashicorp.com/agent-inject', 'true'), {}, ['Vault (vault.hashicorp.com/agent-inject: true)']],
  [{}, note('vault.hashicorp.com/agent-inject', 'true'), []],
  [
    note('instrumentation.opentelemetry.io/inject-java', 'obs/java'),
    {},
    ['OpenTelemetry (instrumentation.opentelemetry.io/inject-java: obs/java)'],
  ],
  [note('bank-vaults.io/vault-addr', 'https://v'), {}, ['Bank-Vaults (bank-vaults.io/vault-addr: https://v)']],
  [note('gke-gcsfuse/volumes', 'true'), {}, ['GKE (gke-gcsfuse/volumes: true)']],
  [
    note('admission.datadoghq.com/java-lib.version', 'v1'),
    {},
    ['Datadog (admission.datadoghq.com/java-lib.version: v1)'],
  ],
  [
    {},
    label('appmesh.k8s.aws/sidecarInjectorWebhook', 'enabled'),
    ['AWS App Mesh (appmesh.k8s.aws/sidecarInjectorWebhook: enabled)'],
  ],
  [{}, label('policy.sigstore.dev/include', 'true'), ['sigstore (policy.sigstore.dev/include: true)']],
  [label('kueue.x-k8s.io/queue-name', 'q'), {}, ['Kueue (kueue.x-k8s.io/queue-name: q)']],
  [note('azure.workload.identity/inject-proxy-sidecar', 'false'), {}, []],
  [label('app', 'web'), label('team', 'a'), []],
])('marks of injection: pod %j in a namespace %j', ([pod, namespace, expected]) => {
  expect(injectorsOf(pod, namespace)).toEqual(expected)
})

test.for<[key: string, expected: string[]]>([
  ['sidecar.jaegertracing.io/inject', ['Jaeger (sidecar.jaegertracing.io/inject: true)']],
  ['vault.hashicorp.com/agent-inject', []],
  ['linkerd.io/inject', []],
])('what makes the pod bears %s', ([key, expected]) => {
  expect(injectorsOf({}, {}, note(key, 'true'))).toEqual(expected)
})
