import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readAllDocuments } from '../../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../../src/kubernetes/objects/resource.ts'
import { placedWorkloadsOf } from '../../../src/kubernetes/places/placed-workloads.ts'
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
  ['x.example/v1', 'Engine', 'spec: {engine: {image: "x.example/a:latest"}}'],
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', `spec: {values: {web: ${CONTAINERS}}}`],
  ['v1', 'ConfigMap', 'data: {pod.yaml: "{image: x.example/a:latest}"}'],
])('%s %s is left as it is, and named with its image', ([apiVersion, kind, rest]) => {
  const before = resource(apiVersion, kind, rest)
  const { text, findings } = patched(before, OPTIONS)
  expect(text).toBe(before)
  expect(findings).toMatchObject([{ code: 'NOT_PATCHABLE', subject: `${kind} r` }])
  expect(findings[0]?.message).toContain('names x.example/a:latest outside of any pod')
})

const SELECTED = `nodeSelector: {${LABEL}: seeded}`
const IMAGE = 'image: "x.example/a:latest"'

/** Fields that the schema of a definition has: before, and with policy and selector where it takes them. */
test.for<[apiVersion: string, kind: string, before: string, after: string]>([
  [
    'argoproj.io/v1alpha1',
    'Workflow',
    `spec: {templates: [{name: t, container: {${IMAGE}}, sidecars: [{name: s, ${IMAGE}}]}, {name: d, dag: {}}]}`,
    `spec: {templates: [{${SELECTED}, name: t, container: {imagePullPolicy: Never, ${IMAGE}}, sidecars: [{imagePullPolicy: Never, name: s, ${IMAGE}}]}, {name: d, dag: {}}]}`,
  ],
  [
    'argoproj.io/v1alpha1',
    'ClusterWorkflowTemplate',
    `spec: {nodeSelector: {pool: big}, templates: [{name: t, script: {${IMAGE}}, initContainers: [{name: i, ${IMAGE}}]}]}`,
    `spec: {nodeSelector: {pool: big}, templates: [{nodeSelector: {pool: big, ${LABEL}: seeded}, name: t, script: {imagePullPolicy: Never, ${IMAGE}}, initContainers: [{imagePullPolicy: Never, name: i, ${IMAGE}}]}]}`,
  ],
  [
    'argoproj.io/v1alpha1',
    'CronWorkflow',
    `spec: {workflowSpec: {templates: [{name: t, containerSet: {containers: [{name: c, ${IMAGE}}]}}]}}`,
    `spec: {workflowSpec: {templates: [{${SELECTED}, name: t, containerSet: {containers: [{imagePullPolicy: Never, name: c, ${IMAGE}}]}}]}}`,
  ],
  [
    'tekton.dev/v1',
    'TaskRun',
    `spec: {podTemplate: {}, taskSpec: {steps: [{name: s, ${IMAGE}}]}}`,
    `spec: {podTemplate: {${SELECTED}}, taskSpec: {steps: [{imagePullPolicy: Never, name: s, ${IMAGE}}]}}`,
  ],
  [
    'monitoring.coreos.com/v1',
    'Alertmanager',
    `spec: {${IMAGE}}`,
    `spec: {${SELECTED}, imagePullPolicy: Never, ${IMAGE}}`,
  ],
  [
    'sparkoperator.k8s.io/v1beta2',
    'SparkApplication',
    `spec: {${IMAGE}, driver: {${IMAGE}}}`,
    `spec: {${SELECTED}, imagePullPolicy: Never, ${IMAGE}, driver: {${IMAGE}}}`,
  ],
  [
    'flink.apache.org/v1beta1',
    'FlinkDeployment',
    `spec: {${IMAGE}, podTemplate: {spec: {}}}`,
    `spec: {imagePullPolicy: Never, ${IMAGE}, podTemplate: {spec: {${SELECTED}}}}`,
  ],
  [
    'serving.kserve.io/v1beta1',
    'InferenceService',
    `spec: {predictor: {model: {${IMAGE}}}}`,
    `spec: {predictor: {${SELECTED}, model: {imagePullPolicy: Never, ${IMAGE}}}}`,
  ],
])('%s %s is patched in the fields that it has', ([apiVersion, kind, before, after]) => {
  const { text, findings } = patched(resource(apiVersion, kind, before), OPTIONS)
  expect(parse(text)).toEqual(parse(resource(apiVersion, kind, after)))
  expect(findings).toEqual([])
})

test.for<[apiVersion: string, kind: string, before: string, after: string, why: string[]]>([
  [
    'tekton.dev/v1',
    'Task',
    `spec: {steps: [{name: s, ${IMAGE}}]}`,
    `spec: {steps: [{imagePullPolicy: Never, name: s, ${IMAGE}}]}`,
    ['it takes no nodeSelector here'],
  ],
  [
    'flink.apache.org/v1beta1',
    'FlinkDeployment',
    `spec: {${IMAGE}}`,
    `spec: {imagePullPolicy: Never, ${IMAGE}}`,
    ['it takes one in spec.podTemplate.spec, which is not there'],
  ],
  [
    'kafka.strimzi.io/v1beta2',
    'Kafka',
    `spec: {kafka: {${IMAGE}}}`,
    `spec: {kafka: {${IMAGE}}}`,
    ['placed by template.pod.affinity', 'its pull policy cannot be set here'],
  ],
])('%s %s: what its schema has no field for is named', ([apiVersion, kind, before, after, why]) => {
  const { text, findings } = patched(resource(apiVersion, kind, before), OPTIONS)
  expect(parse(text)).toEqual(parse(resource(apiVersion, kind, after)))
  expect(findings.map(({ code }) => code)).toEqual(why.map(() => 'NOT_PATCHABLE'))
  why.forEach((words, index) => {
    expect(findings[index]?.message).toContain(words)
  })
})

test('the pods of custom resources that take a nodeSelector are placed, the others not', () => {
  const placed = (apiVersion: string, kind: string, rest: string, metadata = '{name: r}') =>
    readAllDocuments(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata}\n${rest}\n`, 'a.yaml')
      .flatMap(resourcesOf)
      .flatMap(placedWorkloadsOf)
      .map(({ resource: { name }, podSpec }) => `${name}: ${podSpec.containers.map(({ image }) => image).join(' ')}`)
  const workflow = 'spec: {templates: [{name: a, container: {image: "x/a:1"}}, {name: b, script: {image: "x/b:1"}}]}'
  expect(placed('argoproj.io/v1alpha1', 'Workflow', workflow)).toEqual([
    'r spec.templates[0]: x/a:1',
    'r spec.templates[1]: x/b:1',
  ])
  expect(placed('argoproj.io/v1alpha1', 'Workflow', workflow, '{generateName: r-}')).toEqual([])
  const template = 'spec: {template: {spec: {containers: [{name: a, image: "x/a:1"}]}}}'
  expect(placed('argoproj.io/v1alpha1', 'Rollout', template)).toEqual(['r: x/a:1'])
  expect(placed('tekton.dev/v1', 'Task', 'spec: {steps: [{name: s, image: "x/a:1"}]}')).toEqual([])
  expect(placed('kafka.strimzi.io/v1beta2', 'Kafka', 'spec: {kafka: {image: "x/a:1"}}')).toEqual([])
  expect(placed('x.example/v1', 'Engine', 'spec: {pool: {containers: [{name: a, image: "x/a:1"}]}}')).toEqual([])
})

test('a document without a kind is left as it is, and said so', () => {
  const fragment = 'spec: {template: {spec: {containers: [{name: a, image: "x.example/a:latest"}]}}}\n'
  const { text, findings } = patched(fragment, OPTIONS)
  expect(text).toBe(fragment)
  expect(findings).toMatchObject([
    { code: 'NOT_PATCHABLE', message: expect.stringContaining('names no kind') as string, line: 1 },
  ])
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
