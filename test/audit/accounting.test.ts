import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { ScannedImage } from '../../src/audit/named/scanned-image.ts'
import { customNotJudged, pausedNotJudged } from '../../src/audit/not-judged.ts'
import { auditJunit } from '../../src/audit/report/junit.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { auditSummary, failsOn } from '../../src/audit/report/summary.ts'
import { auditTable } from '../../src/audit/report/table.ts'
import { auditText } from '../../src/cli/audit/audit-text.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { customWorkloadsOf } from '../../src/kubernetes/objects/custom-workload.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { type Workload, workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { node, taken, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const nodes = [node('a', { images: [WEB] })]

const named = (apiVersion: string, kind: string, path: ScannedImage['path'], name = 'x'): ScannedImage => ({
  reference: 'op:1',
  image: 'docker.io/library/op:1',
  policy: undefined,
  layer: 'config',
  confidence: 'likely',
  why: 'key image',
  workload: { apiVersion, kind, namespace: undefined, name },
  path,
  file: 'test.yaml',
  line: 3,
})

const template = { spec: { containers: [{ name: 'c', image: 'web:1' }] } }
const customs = (value: object) =>
  readAllDocuments(JSON.stringify(value), 'test.yaml').flatMap(resourcesOf).flatMap(customWorkloadsOf)
const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'x' }, spec: { template } }
const cluster = {
  apiVersion: 'ray.io/v1',
  kind: 'RayCluster',
  metadata: { name: 'x' },
  spec: { headGroupSpec: { template }, workerGroupSpecs: [{ template }] },
}

test.for<[rule: string, image: ScannedImage, workloads: Workload[], isLeft: boolean]>([
  ['a custom resource', named('db.example.com/v1', 'Cluster', ['spec', 'image']), [], true],
  [
    'a template of its own is judged',
    named('argoproj.io/v1alpha1', 'Rollout', ['spec', 'template', 'spec', 'containers', 0, 'image']),
    customs(rollout),
    false,
  ],
  [
    'an image beside the template is not',
    named('argoproj.io/v1alpha1', 'Rollout', ['spec', 'other']),
    customs(rollout),
    true,
  ],
  [
    'one of two templates',
    named('ray.io/v1', 'RayCluster', ['spec', 'workerGroupSpecs', 0, 'template', 'spec', 'containers', 0, 'image']),
    customs(cluster),
    false,
  ],
  [
    'beside two templates',
    named('ray.io/v1', 'RayCluster', ['spec', 'autoscalerOptions', 'image']),
    customs(cluster),
    true,
  ],
  [
    'another resource of the kind',
    named('argoproj.io/v1alpha1', 'Rollout', ['spec', 'template'], 'y'),
    customs(rollout),
    true,
  ],
  ['a ConfigMap has no pods', named('v1', 'ConfigMap', ['data', 'x']), [], false],
  [
    'nor has an admission policy',
    named('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', ['spec']),
    [],
    false,
  ],
  ['nor a kustomization', named('kustomize.config.k8s.io/v1beta1', 'Kustomization', ['images']), [], false],
  ['a group that only looks like one of Kubernetes', named('jobset.x-k8s.io/v1alpha2', 'JobSet', ['spec']), [], true],
  ['an image list', named('', 'ImageList', []), [], false],
])('not judged: %s', ([, image, workloads, isLeft]) => {
  expect(customNotJudged([image, image], workloads).map(({ kind, images }) => [kind, images])).toEqual(
    isLeft ? [[image.workload.kind, ['op:1']]] : [],
  )
})

const paused = (spec: object = { paused: true }) => {
  const value = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'w' }, spec: { template, ...spec } }
  return readAllDocuments(JSON.stringify(value), 'test.yaml')
    .flatMap(resourcesOf)
    .flatMap((one) => workloadOf(one) ?? [])
}
const livePod = (image: string, phase = 'Running'): Pod =>
  ({
    metadata: {
      name: 'w-x-1',
      labels: { 'pod-template-hash': 'x' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'w-x' }],
    },
    spec: { nodeName: 'a', containers: [{ name: 'c', image }] },
    status: { phase },
  }) as unknown as Pod

test.for<[apiVersion: string, kind: string, path: ScannedImage['path'], why: string]>([
  ['db.example.com/v1', 'Cluster', ['spec', 'image'], 'an operator makes its pods'],
  ['extensions.istio.io/v1alpha1', 'WasmPlugin', ['spec', 'url'], 'no node pulls what it names, but what serves it'],
  [
    'policies.kubewarden.io/v1',
    'AdmissionPolicy',
    ['spec', 'module'],
    'no node pulls what it names, but what serves it',
  ],
])('%s %s is not judged, and why', ([apiVersion, kind, path, why]) => {
  const result = auditCluster([workload()], nodes, {}, [], [named(apiVersion, kind, path)])
  expect(result.notJudged.map((one) => one.why)).toEqual([why])
  expect(failsOn(result, 'unknown')).toBe(true)
})

test.for<[rule: string, workloads: Workload[], pods: Pod[], images: string[]]>([
  ['its pods are of an earlier template', paused(), [livePod('web:0')], ['web:0']],
  ['its pods are of its template', paused(), [livePod('web:1')], []],
  ['it has no pods', paused(), [], []],
  ['its earlier pods have ended', paused(), [livePod('web:0', 'Succeeded')], []],
  ['it is not paused', paused({}), [livePod('web:0')], []],
])('a paused Deployment: %s', ([, workloads, pods, images]) => {
  expect(pausedNotJudged(workloads, pods).flatMap((one) => one.images)).toEqual(images)
})

const operator = [named('db.example.com/v1', 'Cluster', ['spec', 'image'], 'main')]

test('what is not judged stands beside what is, in every form', () => {
  const result = auditCluster([workload()], nodes, {}, [], operator)
  expect(auditSummary(result)).toBe('1 safe, 1 not judged\n1 image named elsewhere: 1 nowhere')
  expect([...auditText(auditTable(result), undefined)].slice(2)).toEqual([
    'not judged  -               -  Cluster main',
    '            an operator makes its pods: op:1',
    '',
    'IMAGE IS    ON NODES           NAMED OUTSIDE OF THE PODS ABOVE',
    'nowhere     0 of 1          -  docker.io/library/op:1',
    '            Cluster main names it: key image (test.yaml:3); which nodes its pods land on is not',
    '            known',
    '            a: ImageMissing: docker.io/library/op:1 is not on the node',
  ])
  expect(result.findings).toContainEqual(
    expect.objectContaining({ code: 'WORKLOAD_NOT_JUDGED', severity: 'warning', subject: 'Cluster main', line: 3 }),
  )
  expect(auditJunit(result, 'unknown')).toContain('tests="3" failures="2"')
  expect(auditJunit(result, 'unknown')).toContain('<failure message="not judged" type="notJudged">')
  expect(auditJunit(result, 'unknown')).toContain('<failure message="nowhere" type="nowhere">')
  expect(auditJunit(result, 'atRisk')).toContain('tests="3" failures="0"')
})

test.for<[rule: string, kind: string, spec: object, why: string | undefined]>([
  ['no replicas', 'Deployment', { replicas: 0 }, 'replicas: 0'],
  ['paused', 'Deployment', { paused: true }, 'paused: true'],
  ['suspended', 'Job', { suspend: true }, 'suspend: true'],
  ['replicas of their own accord', 'Deployment', {}, undefined],
])('what wants no pods now is judged as if it did, and said: %s', ([, kind, spec, why]) => {
  const workloads = readAllDocuments(JSON.stringify(taken(kind, template.spec, spec)), 'test.yaml')
    .flatMap(resourcesOf)
    .flatMap((one) => workloadOf(one) ?? [])
  const result = auditCluster(workloads, nodes, {})
  expect(auditSummary(result)).toBe(why ? '1 safe (1 of them wants no pods now)' : '1 safe')
  expect(result.findings.find(({ code }) => code === 'WORKLOAD_IDLE')?.message).toBe(
    why && `${kind} w: wants no pods now (${why}), and is judged as if it did`,
  )
})
