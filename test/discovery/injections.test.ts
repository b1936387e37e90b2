import { expect, test } from 'vitest'
import { scanObjects } from '../../src/cli/inputs/scan-inputs.ts'
import { mayNameImages } from '../../src/discovery/classify/exclusions.ts'

interface Marks {
  labels?: Record<string, unknown>
  annotations?: Record<string, unknown>
}

const containers = (image: string) => [{ name: 'c', image }]
const deployment = (marks: Marks, image = 'r.example/web:1') => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } },
  spec: { template: { metadata: marks, spec: { containers: containers(image) } } },
})
const pod = (marks: Marks, image = 'r.example/web:1') => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', ...marks } },
  spec: { containers: containers(image) },
})
const namespace = (marks: Marks) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x', ...marks } })

/** What is said to be chosen by an operator, and what is not complete. */
const said = (...objects: object[]) => scanObjects(objects, 'test.yaml').findings.map(({ message }) => message)

test.for<[object: object, who: string, image: string]>([
  [namespace({ labels: { 'istio-injection': 'enabled' } }), 'Istio', 'r.example/istio/proxyv2:1.29.0'],
  [pod({ labels: { 'istio.io/rev': 'canary' } }), 'Istio', 'r.example/proxyv2@sha256:1'],
  [deployment({ labels: { 'sidecar.istio.io/inject': 'true' } }), 'Istio', 'r.example:5000/proxyv2:1'],
  [deployment({ annotations: { 'linkerd.io/inject': 'enabled' } }), 'Linkerd', 'r.example/linkerd/proxy:1'],
  [deployment({ annotations: { 'vault.hashicorp.com/agent-inject': true } }), 'Vault', 'r.example/hashicorp/vault:1'],
  [deployment({ annotations: { 'dapr.io/enabled': 'true' } }), 'Dapr', 'r.example/dapr/daprd:1'],
  [pod({ annotations: { 'sidecar.opentelemetry.io/inject': 'mine' } }), 'OpenTelemetry', 'r.example/otelcol:1'],
  [
    pod({ annotations: { 'instrumentation.opentelemetry.io/inject-java': 'true' } }),
    'OpenTelemetry',
    'r.example/autoinstrumentation-java:1',
  ],
])('%j needs what %s puts there, which %s is', ([object, who, image]) => {
  expect(said(object)).toEqual([
    expect.stringContaining(`: an operator chooses images for what ${who} puts into its pods, and none is named`),
  ])
  expect(said(object, pod({}, image.replace('sha256:1', `sha256:${'a'.repeat(64)}`)))).toEqual([])
})

const custom = (apiVersion: string, kind: string, spec: object) => ({ apiVersion, kind, metadata: { name: 'x' }, spec })

test.for<[object: object, image: string]>([
  [custom('argoproj.io/v1alpha1', 'CronWorkflow', {}), 'r.example/argoproj/argoexec:v3'],
  [custom('argoproj.io/v1alpha1', 'EventSource', { webhook: {} }), 'r.example/argoproj/argo-events:v1'],
  [custom('argoproj.io/v1alpha1', 'EventBus', { jetstream: { version: '2.10.10' } }), 'r.example/nats:2'],
  [custom('tekton.dev/v1', 'Task', {}), 'r.example/tektoncd/pipeline/entrypoint-bff0a22d:v1'],
  [custom('kubevirt.io/v1', 'VirtualMachine', {}), 'r.example/kubevirt/virt-launcher:v1'],
  [custom('cdi.kubevirt.io/v1beta1', 'DataVolume', {}), 'r.example/kubevirt/cdi-importer:v1'],
  [custom('k8up.io/v1', 'Schedule', {}), 'r.example/k8up-io/k8up:v2'],
])('%j runs pods with an image of its controller, which %s is', ([object, image]) => {
  expect(said(object)).toEqual([expect.stringContaining(': an operator chooses images for ')])
  expect(said(object, pod({}, image))).toEqual([])
})

test.for<[what: string, object: object]>([
  ['what others run', custom('argoproj.io/v1alpha1', 'EventBus', { nats: { exotic: { url: 'nats://x' } } })],
  ['a pod that says no', deployment({ labels: { 'istio.io/rev': 'a', 'sidecar.istio.io/inject': 'false' } })],
  ['a namespace that says no', namespace({ annotations: { 'linkerd.io/inject': 'disabled' } })],
  ['labels of a workload itself', { ...deployment({}), metadata: { labels: { 'sidecar.istio.io/inject': 'true' } } }],
  [
    'a pod that names the image',
    pod({ annotations: { 'dapr.io/enabled': 'true', 'dapr.io/sidecar-image': 'r.example/d:1' } }),
  ],
  ['who puts no image there', pod({ labels: { 'kueue.x-k8s.io/queue-name': 'a' } })],
])('nothing is said of %s', ([, object]) => {
  expect(said(object)).toEqual([])
})

test('an image that Istio fills in is not complete, unless its own is here', () => {
  const gateway = deployment({}, 'auto')
  expect(scanObjects([gateway], 'test.yaml').uses).toEqual([])
  expect(said(gateway)).toEqual([expect.stringContaining('the image "auto" is not complete')])
  expect(said(gateway, pod({}, 'r.example/proxyv2:1'))).toEqual([])
})

test('the text of a namespace is read where it may ask for something', () => {
  const text = (label: string) => `apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {${label}: enabled}\n`
  expect([text('istio-injection'), text('team')].map(mayNameImages)).toEqual([true, false])
})
