import { expect, test } from 'vitest'
import { newPodOf } from '../../src/audit/classes/pod-mutations.ts'
import { injectorsOf, type Marks } from '../../src/kubernetes/admission/injection.ts'
import { mutatorsOf } from '../../src/kubernetes/admission/mutators.ts'
import type { NewPod } from '../../src/kubernetes/admission/policies/pod-matching.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { type Resource, resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { type Workload, workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { controllerLabels } from '../../src/kubernetes/pods/controller-labels.ts'
import { taken } from '../support/cluster.ts'

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
  const resources = readAllDocuments(JSON.stringify(object), 'm.json').flatMap(resourcesOf)
  return mutatorsOf(resources).some((one) => one.isAbout({ ...POD, ...pod }))
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
  ['that pods are bound to nodes', true, { rules: [{ ...PODS, resources: ['pods/binding'] }] }],
  ['every resource of others', false, { rules: [{ ...PODS, apiGroups: ['batch'], resources: ['*'] }] }],
  [
    'the revisions of a StatefulSet',
    true,
    { rules: [{ ...DEPLOYMENTS, resources: ['controllerrevisions'] }] },
    { kind: 'StatefulSet' },
  ],
  [
    'claims that are made for it',
    true,
    { rules: [{ ...PODS, resources: ['persistentvolumeclaims'] }] },
    { hasClaims: true },
  ],
  ['claims, of which it has none', false, { rules: [{ ...PODS, resources: ['persistentvolumeclaims'] }] }],
  [
    'the ReplicaSets of a Rollout',
    true,
    { rules: [{ ...DEPLOYMENTS, resources: ['replicasets'] }] },
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' },
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
    { rules: [PODS], matchConditions: [{ name: 'x', expression: 'object.spec.hostNetwork' }] },
  ],
  ['pods of other names', false, { rules: [{ ...PODS, resourceNames: ['x'] }] }, { apiVersion: 'v1', kind: 'Pod' }],
])('a webhook about %s: %s', ([, expected, webhook, pod]) => {
  expect(isAbout(ADMISSION, 'MutatingWebhookConfiguration', { webhooks: [webhook] }, pod)).toBe(expected)
})

test.for<[expression: string, expected: boolean]>([
  ["request.namespace == 'shop'", true],
  ["request.namespace != 'shop'", false],
  ["!(request.namespace in ['kube-system', 'shop'])", false],
  ['!(object.metadata.namespace in ["kube-system"])', true],
  ["namespaceObject.metadata.name.startsWith('sh')", true],
  ["!request.namespace.endsWith('op')", false],
  ["request.namespace.matches('^x$')", true],
  ["request.namespace != 'shop' && object.spec.x > 3", false],
  ["request.namespace != 'shop' || object.spec.x > 3", true],
  ["has(object.spec.x) && request.namespace == 'kube-system'", false],
  ["object.spec.containers.all(c, c.image != ')') && false", false],
  ["object.metadata.labels['app'] == 'web'", true],
  ["'skip' in object.metadata.labels", false],
  ["!('app' in object.metadata.labels)", false],
  ["namespaceObject.metadata.labels['team'] == 'b'", false],
  ["request.resource.resource != 'pods'", false],
  ["object.kind == 'Service'", false],
  ["object.metadata.name.contains('x')", true],
  ['!false', true],
  ['variables.isMeant', true],
  ["request.namespace == 'x' ? true : false", true],
  ["request.namespace == 'a\\u0062'", true],
  [`${'('.repeat(99)}false${')'.repeat(99)}`, true],
  ["request.namespace == 'x", true],
  ['', true],
])('a webhook with the condition %s may be about a pod: %s', ([expression, expected]) => {
  const webhooks = [{ rules: [PODS], matchConditions: [{ name: 'x', expression }] }]
  expect(isAbout(ADMISSION, 'MutatingWebhookConfiguration', { webhooks })).toBe(expected)
})

test.for<[match: object, exclude: object | undefined, expected: boolean]>([
  [{ any: [{ resources: { kinds: ['Pod'], namespaces: ['sh*'] } }] }, undefined, true],
  [{ any: [{ resources: { kinds: ['Pod'], namespaces: ['x*'] } }] }, undefined, false],
  [{ any: [{ resources: { kinds: ['Secret'] } }, { resources: { kinds: ['*'] } }] }, undefined, true],
  [{ all: [{ resources: { kinds: ['Pod'] } }, { resources: { namespaces: ['x'] } }] }, undefined, false],
  [{ resources: { kinds: ['v1/Pod'] } }, undefined, true],
  [{ resources: { kinds: ['apps/*/Deploy*'] } }, undefined, true],
  [{ resources: { kinds: ['Pod/exec'] } }, undefined, false],
  [{ resources: { kinds: ['Service'], names: ['*'] } }, undefined, false],
  [{ resources: { kinds: ['Deployment'], names: ['api-*'] } }, undefined, false],
  [{ resources: { kinds: ['Pod'], selector: { matchLabels: { app: 'db' } } } }, undefined, false],
  [{ resources: { kinds: ['Pod'], operations: ['DELETE'] } }, undefined, false],
  [{ resources: { kinds: ['Pod'] } }, { any: [{ resources: { namespaces: ['shop'] } }] }, false],
  [{ resources: { kinds: ['Pod'] } }, { resources: { kinds: ['Pod'], namespaces: ['s?op'] } }, false],
  [{ resources: { kinds: ['Pod'] } }, { any: [{ resources: { namespaces: ['x'] } }] }, true],
  [
    { resources: { kinds: ['Pod'] } },
    { any: [{ subjects: [{ kind: 'User' }], resources: { namespaces: ['shop'] } }] },
    true,
  ],
  [{ resources: { kinds: ['Pod'] } }, { any: [{ resources: { selector: { matchLabels: { app: 'web' } } } }] }, false],
  [{ resources: { kinds: ['Pod'] } }, { any: [{ resources: { selector: { matchLabels: { app: 'x' } } } }] }, true],
  [
    { resources: { kinds: ['Pod'] } },
    { any: [{ resources: { namespaceSelector: { matchLabels: { team: 'a' } } } }] },
    false,
  ],
  [
    { resources: { kinds: ['Pod'] } },
    { all: [{ resources: { namespaces: ['shop'] } }, { clusterRoles: ['x'] }] },
    true,
  ],
  [{ resources: { kinds: ['Pod'] } }, {}, true],
])('a rule of Kyverno that matches %j and excludes %j is about it: %s', ([match, exclude, expected]) => {
  const spec = { rules: [{ match, exclude, mutate: SIDECAR }] }
  expect(isAbout('kyverno.io/v1', 'ClusterPolicy', { spec })).toBe(expected)
})

const selecting = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
})
const POD_NAME = 'statefulset.kubernetes.io/pod-name'
const INDEX = 'batch.kubernetes.io/job-completion-index'
const indexed = { completionMode: 'Indexed', completions: 2 }

test.for<[kind: string, spec: object, expected: boolean, selector: object]>([
  ['Deployment', {}, true, selecting('pod-template-hash', 'Exists')],
  ['Deployment', {}, false, selecting('pod-template-hash', 'DoesNotExist')],
  ['Deployment', {}, true, selecting('pod-template-hash', 'In', 'x')],
  ['Deployment', {}, false, { matchLabels: { app: 'db', 'pod-template-hash': 'x' } }],
  ['ReplicaSet', {}, false, selecting('pod-template-hash', 'Exists')],
  ['DaemonSet', {}, true, selecting('controller-revision-hash', 'Exists')],
  ['DaemonSet', {}, true, selecting('pod-template-generation', 'NotIn', '1')],
  ['StatefulSet', {}, true, { matchLabels: { [POD_NAME]: 'w-0', 'apps.kubernetes.io/pod-index': '0' } }],
  ['StatefulSet', {}, false, selecting(POD_NAME, 'NotIn', 'w-0')],
  ['StatefulSet', { replicas: 2 }, true, selecting(POD_NAME, 'In', 'w-1')],
  ['StatefulSet', { replicas: 2 }, true, selecting(POD_NAME, 'NotIn', 'w-1')],
  ['StatefulSet', { replicas: 2 }, false, selecting(POD_NAME, 'In', 'w-2', 'x-0')],
  ['StatefulSet', { ordinals: { start: 3 } }, false, selecting(POD_NAME, 'In', 'w-0')],
  ['Job', {}, true, { matchLabels: { 'job-name': 'w', 'batch.kubernetes.io/job-name': 'w' } }],
  ['Job', {}, false, selecting('job-name', 'NotIn', 'w')],
  ['Job', {}, true, selecting('batch.kubernetes.io/controller-uid', 'In', 'x')],
  ['Job', { manualSelector: true }, false, selecting('controller-uid', 'Exists')],
  ['Job', {}, false, selecting(INDEX, 'Exists')],
  ['Job', indexed, true, selecting(INDEX, 'In', '1')],
  ['Job', indexed, false, selecting(INDEX, 'In', '2')],
])('a webhook knows the labels that controllers add: %s %j %s %j', ([kind, spec, expected, objectSelector]) => {
  const [one] = readAllDocuments(JSON.stringify(taken(kind, {}, spec)), 'w.json').flatMap(resourcesOf)
  const pod = newPodOf(workloadOf(one as Resource) as Workload, {})
  const webhooks = [{ rules: [PODS], objectSelector }]
  expect(isAbout(ADMISSION, 'MutatingWebhookConfiguration', { webhooks }, pod)).toBe(expected)
})

test.for<[apiVersion: string, expected: boolean, key: string]>([
  ['argoproj.io/v1alpha1', true, 'rollouts-pod-template-hash'],
  ['jobset.x-k8s.io/v1alpha2', true, 'jobset.x-k8s.io/jobset-name'],
  ['ray.io/v1', true, 'cluster.ray.io/group'],
  ['ray.io/v1', false, 'example.com/team'],
])('what an operator of %s makes may bear labels of its own: %s %s', ([apiVersion, expected, key]) => {
  const { pending } = controllerLabels({
    resource: { apiVersion, kind: 'X', name: 'x', value: {} } as Resource,
    template: {},
  })
  const webhooks = [{ rules: [PODS], objectSelector: selecting(key, 'In', 'x') }]
  expect(isAbout(ADMISSION, 'MutatingWebhookConfiguration', { webhooks }, { pending })).toBe(expected)
})

const mutations = (expression: string, more: object = {}) => ({
  spec: { matchConstraints: { resourceRules: [PODS] }, mutations: [{ jsonPatch: { expression } }], ...more },
})
const patch = (path: string, more?: object) => mutations(`[JSONPatch{op: "add", path: ${path}, value: "x"}]`, more)
const variable = (expression: string) => ({ variables: [{ name: 'all', expression }] })
const CEL = 'policies.kyverno.io/v1'
const CONFIGMAPS = { resourceRules: [{ ...PODS, resources: ['configmaps'] }] }
const kyverno = (mutate: object | undefined, kinds: string[]) => ({
  spec: { rules: [{ match: { any: [{ resources: { kinds } }] }, ...(mutate && { mutate }) }] },
})
const SIDECAR = { patchStrategicMerge: { spec: { containers: [{ name: 'x', image: 'x' }] } } }
const verifying = (...imageReferences: string[]) => ({
  spec: { rules: [{ match: { any: [{ resources: { kinds: ['Pod'] } }] }, verifyImages: [{ imageReferences }] }] },
})
const KUBEWARDEN = 'policies.kubewarden.io/v1'
const VPA = 'autoscaling.k8s.io/v1'
const autoscaler = (updatePolicy: object, name = 'web') => ({
  metadata: { name: 'm', namespace: 'shop' },
  spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, updatePolicy },
})

test.for<[what: string, expected: boolean, apiVersion: string, kind: string, value: object]>([
  ['adds a container', true, ADMISSION, 'MutatingAdmissionPolicy', patch('"/spec/containers/-"')],
  ['adds a label', false, ADMISSION, 'MutatingAdmissionPolicy', patch('"/metadata/labels/x"')],
  [
    'adds a label whose name is put together',
    false,
    ADMISSION,
    'MutatingAdmissionPolicy',
    patch('"/metadata/labels/" + x'),
  ],
  ['replaces the spec', true, ADMISSION, 'MutatingAdmissionPolicy', patch('"/spec"')],
  ['replaces the template', true, ADMISSION, 'MutatingAdmissionPolicy', patch("'/spec/template'")],
  ['replaces all', true, ADMISSION, 'MutatingAdmissionPolicy', patch('""')],
  ['puts a path together', true, ADMISSION, 'MutatingAdmissionPolicy', patch('"/spec/" + x')],
  ['adds what only a cluster knows', true, ADMISSION, 'MutatingAdmissionPolicy', patch('params.data.path')],
  ['adds nobody sees what', true, ADMISSION, 'MutatingAdmissionPolicy', mutations('params.patches')],
  [
    'adds a container by a variable',
    true,
    ADMISSION,
    'MutatingAdmissionPolicy',
    mutations('variables.all', variable('[JSONPatch{op: "add", path: "/spec/containers/-"}]')),
  ],
  [
    'adds a label by a variable',
    false,
    ADMISSION,
    'MutatingAdmissionPolicy',
    mutations('variables.all', variable('[JSONPatch{op: "add", path: "/metadata/labels/x"}]')),
  ],
  [
    'replaces the whole spec',
    true,
    ADMISSION,
    'MutatingAdmissionPolicy',
    mutations('Object{spec: variables.all}', variable('params.spec')),
  ],
  ['of Kyverno in CEL adds a container', true, CEL, 'MutatingPolicy', patch('"/spec/containers/-"')],
  ['of Kyverno in CEL adds a label', false, CEL, 'MutatingPolicy', patch('"/metadata/labels/x"')],
  [
    'of Kyverno in CEL changes pods when something else changes',
    true,
    CEL,
    'MutatingPolicy',
    patch('"/spec/nodeName"', { matchConstraints: CONFIGMAPS, targetMatchConstraints: { resourceRules: [PODS] } }),
  ],
  [
    'of Kyverno in CEL is about something else',
    false,
    CEL,
    'NamespacedMutatingPolicy',
    patch('"/spec/nodeName"', { matchConstraints: CONFIGMAPS }),
  ],
  [
    'of Kyverno changes Deployments when something else changes',
    true,
    'kyverno.io/v1',
    'ClusterPolicy',
    kyverno({ ...SIDECAR, targets: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }] }, ['ConfigMap']),
  ],
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
  ['of Kyverno verifies these images', true, 'kyverno.io/v1', 'ClusterPolicy', verifying('r.example/*')],
  ['of Kyverno verifies other images', false, 'kyverno.io/v1', 'ClusterPolicy', verifying('ghcr.io/*')],
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
  const value = { ...patch('"/spec/nodeSelector"'), metadata: { name: 'images-selectors.nodeseed.dev' } }
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
