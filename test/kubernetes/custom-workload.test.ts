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
