import { expect, test } from 'vitest'
import { formatPath } from '../../src/kubernetes/documents/path.ts'
import { scanText } from '../support/scan-text.ts'

function usesOf(value: unknown): string[] {
  return scanText(JSON.stringify(value)).uses.map(
    ({ path, reference, policy }) => `${formatPath(path)} ${reference} ${policy}`,
  )
}

const SPEC = { containers: [{ name: 'c', image: 'a:1' }] }
const TEMPLATE = { template: { spec: SPEC } }

test.for<[apiVersion: string, kind: string, rest: object, path: string]>([
  ['v1', 'Pod', { spec: SPEC }, 'spec'],
  ['v1', 'PodTemplate', TEMPLATE, 'template.spec'],
  ['v1', 'ReplicationController', { spec: TEMPLATE }, 'spec.template.spec'],
  ['apps/v1', 'Deployment', { spec: TEMPLATE }, 'spec.template.spec'],
  ['extensions/v1beta1', 'Deployment', { spec: TEMPLATE }, 'spec.template.spec'],
  ['apps/v1', 'StatefulSet', { spec: TEMPLATE }, 'spec.template.spec'],
  ['apps/v1', 'DaemonSet', { spec: TEMPLATE }, 'spec.template.spec'],
  ['apps/v1', 'ReplicaSet', { spec: TEMPLATE }, 'spec.template.spec'],
  ['batch/v1', 'Job', { spec: TEMPLATE }, 'spec.template.spec'],
  ['batch/v1beta1', 'CronJob', { spec: { jobTemplate: { spec: TEMPLATE } } }, 'spec.jobTemplate.spec.template.spec'],
  ['argoproj.io/v1alpha1', 'Rollout', { spec: TEMPLATE }, 'spec.template.spec'],
  ['ray.io/v1', 'RayCluster', { spec: { workerGroupSpecs: [TEMPLATE] } }, 'spec.workerGroupSpecs[0].template.spec'],
  ['x.example/v1', 'Unknown', { a: { b: [{ c: { d: SPEC } }] } }, 'a.b[0].c.d'],
])('%s %s keeps its pod spec at the known place, or where its shape is found', ([apiVersion, kind, rest, path]) => {
  expect(usesOf({ apiVersion, kind, ...rest })).toEqual([`${path}.containers[0].image a:1 IfNotPresent`])
})

test('containers of every sort and image volumes are found in the order of the kubelet', () => {
  const spec = {
    volumes: [
      { name: 'v', image: { reference: 'vol:1', pullPolicy: 'Never' } },
      { name: 'w', image: { reference: 'vol:latest' } },
      { name: 'r', rbd: { image: 'ceph-name' } },
    ],
    ephemeralContainers: [{ name: 'e', image: 'e:1', imagePullPolicy: 'Always' }],
    containers: [{ name: 'c', image: 'c' }],
    initContainers: [{ name: 's', image: 's:1', restartPolicy: 'Always', imagePullPolicy: '' }],
  }
  expect(usesOf({ apiVersion: 'v1', kind: 'Pod', spec })).toEqual([
    'spec.initContainers[0].image s:1 IfNotPresent',
    'spec.containers[0].image c Always',
    'spec.ephemeralContainers[0].image e:1 Always',
    'spec.volumes[0].image.reference vol:1 Never',
    'spec.volumes[1].image.reference vol:latest Always',
  ])
})

test('Lists nest, and the items of a typed list inherit its kind', () => {
  const deployments = { apiVersion: 'apps/v1', kind: 'DeploymentList', items: [{ spec: TEMPLATE }] }
  const list = { apiVersion: 'v1', kind: 'List', items: [deployments, { apiVersion: 'v1', kind: 'Pod', spec: SPEC }] }
  expect(usesOf({ apiVersion: 'v1', kind: 'List', items: [list] })).toHaveLength(2)
})

test.for<[why: string, rest: object]>([
  ['the status tells what was', { status: { containers: [{ name: 'c', image: 'a:1' }] } }],
  ['containers without names are something else', { spec: { containers: [{ size: 'a:1' }] } }],
  ['containers that are texts are something else', { spec: { containers: ['a', 'b'] } }],
  ['a container without an image patches what an operator makes', { spec: { containers: [{ name: 'c' }] } }],
])('no pod spec: %s', ([, rest]) => {
  expect(usesOf({ apiVersion: 'x.example/v1', kind: 'Unknown', ...rest })).toEqual([])
})

test('a shape five levels deep in an unknown kind is found, with its line', () => {
  const text = [
    'apiVersion: x.example/v1',
    'kind: Unknown',
    'spec:',
    '  groups:',
    '    - pools:',
    '        blue:',
    '          pod:',
    '            containers:',
    '              - name: main',
    '                image: registry.example.com/app:1',
  ].join('\n')
  expect(scanText(text).uses).toMatchObject([{ line: 10, container: 'main', policy: 'IfNotPresent', layer: 'podSpec' }])
})
