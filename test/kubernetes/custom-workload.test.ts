import { expect, test } from 'vitest'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { customWorkloadsOf } from '../../src/kubernetes/objects/custom-workload.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'

const template = (image: unknown = 'web:1') => ({ metadata: {}, spec: { containers: [{ name: 'c', image }] } })

test.for<[what: string, apiVersion: string, kind: string, spec: object, found: (string | number | undefined)[][]]>([
  ['a Rollout', 'argoproj.io/v1alpha1', 'Rollout', { replicas: 3, template: template() }, [['x', 3]]],
  ['a Deployment is built in', 'apps/v1', 'Deployment', { template: template() }, []],
  [
    'a RayCluster has several',
    'ray.io/v1',
    'RayCluster',
    { headGroupSpec: { template: template() }, workerGroupSpecs: [{ replicas: 2, template: template() }] },
    [
      ['x spec.headGroupSpec.template', undefined],
      ['x spec.workerGroupSpecs[0].template', 2],
    ],
  ],
  [
    'an AdvancedCronJob',
    'apps.kruise.io/v1alpha1',
    'AdvancedCronJob',
    { template: { jobTemplate: { spec: { template: template() } } } },
    [['x', undefined]],
  ],
  [
    'a JobSet, at each level',
    'jobset.x-k8s.io/v1alpha2',
    'JobSet',
    { replicatedJobs: [{ replicas: 2, template: { spec: { parallelism: 3, template: template() } } }] },
    [['x', 6]],
  ],
  [
    'a LeaderWorkerSet, above its templates',
    'leaderworkerset.x-k8s.io/v1',
    'LeaderWorkerSet',
    { replicas: 2, leaderWorkerTemplate: { size: 4, workerTemplate: template() } },
    [['x', 2]],
  ],
  [
    'a partial pod without a template',
    'monitoring.coreos.com/v1',
    'Prometheus',
    { containers: [{ name: 'c', image: 'a:1' }] },
    [],
  ],
  ['a patch without an image', 'example.com/v1', 'Thing', { template: { spec: { containers: [{ name: 'c' }] } } }, []],
  ['a service of Knative', 'serving.knative.dev/v1', 'Service', { template: template() }, []],
  [
    'a policy',
    'kyverno.io/v1',
    'ClusterPolicy',
    { rules: [{ validate: { pattern: { spec: { template: template('!*:latest') } } } }] },
    [],
  ],
])('%s', ([, apiVersion, kind, spec, found]) => {
  const text = JSON.stringify({ apiVersion, kind, metadata: { name: 'x' }, spec })
  const [resource] = readAllDocuments(text, 'a.json').flatMap(resourcesOf)
  expect(customWorkloadsOf(resource!).map(({ resource: { name }, replicas }) => [name, replicas])).toEqual(found)
})

test.for<[what: string, spec: object, podSpec: object, scheduler: string | undefined]>([
  ['says none', {}, {}, 'volcano'],
  ['says one', { schedulerName: 'default-scheduler' }, {}, 'default-scheduler'],
  ['says one in its pod', {}, { schedulerName: 'mine' }, 'mine'],
])('the scheduler of a Job of Volcano that %s', ([, spec, podSpec, scheduler]) => {
  const task = { template: { spec: { ...template().spec, ...podSpec } } }
  const value = { apiVersion: 'batch.volcano.sh/v1alpha1', kind: 'Job', metadata: { name: 'x' } }
  const text = JSON.stringify({ ...value, spec: { ...spec, tasks: [task] } })
  const found = readAllDocuments(text, 'a.json').flatMap(resourcesOf).flatMap(customWorkloadsOf)
  expect(found.map((one) => one.podSpec.schedulerName)).toEqual([scheduler])
})
