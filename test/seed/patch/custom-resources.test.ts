import { expect, test } from 'vitest'
import { patched } from '../../support/patched.ts'

const LABEL = 'shop.nodeseed.dev/0123456789abcdef'
const OPTIONS = { nodeSelector: { [LABEL]: 'seeded' }, policy: 'Never' } as const
const CONTAINERS = '{containers: [{name: a, image: "x.example/a:latest"}]}'
const SET = `{nodeSelector: {${LABEL}: seeded}, containers: [{imagePullPolicy: Never, name: a, image: "x.example/a:latest"}]}`
const resource = (apiVersion: string, kind: string, rest: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: r}\n${rest}\n`

/** Each has one pod, whose containers and selector are set where it stands. */
test.for<[apiVersion: string, kind: string, rest: (pod: string) => string]>([
  ['argoproj.io/v1alpha1', 'Rollout', (pod) => `spec: {template: {spec: ${pod}}}`],
  ['serving.knative.dev/v1', 'Service', (pod) => `spec: {template: {spec: ${pod}}}`],
  ['apps.kruise.io/v1alpha1', 'CloneSet', (pod) => `spec: {template: {spec: ${pod}}}`],
  ['apps.openshift.io/v1', 'DeploymentConfig', (pod) => `spec: {template: {spec: ${pod}}}`],
  ['kubeflow.org/v1', 'PyTorchJob', (pod) => `spec: {pytorchReplicaSpecs: {Worker: {template: {spec: ${pod}}}}}`],
  [
    'jobset.x-k8s.io/v1alpha2',
    'JobSet',
    (pod) => `spec: {replicatedJobs: [{template: {spec: {template: {spec: ${pod}}}}}]}`,
  ],
  [
    'leaderworkerset.x-k8s.io/v1',
    'LeaderWorkerSet',
    (pod) => `spec: {leaderWorkerTemplate: {workerTemplate: {spec: ${pod}}}}`,
  ],
  ['ray.io/v1', 'RayCluster', (pod) => `spec: {headGroupSpec: {template: {spec: ${pod}}}}`],
  ['monitoring.coreos.com/v1', 'Prometheus', (pod) => `spec: ${pod}`],
  ['serving.kserve.io/v1beta1', 'InferenceService', (pod) => `spec: {predictor: ${pod}}`],
  ['template.openshift.io/v1', 'Template', (pod) => `objects: [{apiVersion: v1, kind: Pod, spec: ${pod}}]`],
  [
    'kubernetes.crossplane.io/v1alpha2',
    'Object',
    (pod) => `spec: {forProvider: {manifest: {apiVersion: v1, kind: Pod, spec: ${pod}}}}`,
  ],
])('%s %s is patched where its pod stands, with a note', ([apiVersion, kind, rest]) => {
  const { text, findings } = patched(resource(apiVersion, kind, rest(CONTAINERS)), OPTIONS)
  expect(text).toBe(resource(apiVersion, kind, rest(SET)))
  expect(findings).toMatchObject([{ code: 'PATCHED_BY_SHAPE', severity: 'info' }])
})

test.for<[apiVersion: string, kind: string, rest: string]>([
  ['argoproj.io/v1alpha1', 'Workflow', 'spec: {templates: [{name: t, container: {image: "x.example/a:latest"}}]}'],
  ['kafka.strimzi.io/v1beta2', 'Kafka', 'spec: {kafka: {image: "x.example/a:latest"}}'],
  ['tekton.dev/v1', 'Task', 'spec: {steps: [{name: s, image: "x.example/a:latest"}]}'],
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', `spec: {values: {web: ${CONTAINERS}}}`],
  ['v1', 'ConfigMap', 'data: {pod.yaml: "{image: x.example/a:latest}"}'],
])('%s %s is left as it is, and named with its image', ([apiVersion, kind, rest]) => {
  const before = resource(apiVersion, kind, rest)
  const { text, findings } = patched(before, OPTIONS)
  expect(text).toBe(before)
  expect(findings).toMatchObject([{ code: 'NOT_PATCHABLE', subject: `${kind} r` }])
  expect(findings[0]?.message).toContain('names x.example/a:latest outside of any pod')
})

test.for<[what: string, apiVersion: string, kind: string, rest: string]>([
  ['history', 'apps/v1', 'ControllerRevision', `data: {spec: {template: {spec: ${CONTAINERS}}}}`],
  [
    'a pattern',
    'kyverno.io/v1',
    'ClusterPolicy',
    `spec: {rules: [{validate: {pattern: {spec: {template: {spec: ${CONTAINERS}}}}}}]}`,
  ],
])('what only looks like a pod is no pod: %s', ([, apiVersion, kind, rest]) => {
  const before = resource(apiVersion, kind, rest)
  expect(patched(before, OPTIONS).text).toBe(before)
})

test('containers of which nobody knows more get their policy, and the selector is said to lack', () => {
  const { text, findings } = patched(resource('x.example/v1', 'Engine', `spec: {pool: ${CONTAINERS}}`), OPTIONS)
  expect(text).toContain('imagePullPolicy: Never')
  expect(text).not.toContain('nodeSelector')
  expect(findings.map(({ code }) => code)).toEqual(['NOT_PATCHABLE', 'PATCHED_BY_SHAPE'])
})
