import { expect, test } from 'vitest'
import { readAllDocuments } from '../../../src/kubernetes/documents/document.ts'
import { customWorkloadsOf } from '../../../src/kubernetes/objects/custom-workload.ts'
import { resourcesOf } from '../../../src/kubernetes/objects/resource.ts'
import { workloadOf } from '../../../src/kubernetes/objects/workload.ts'
import { FIELD_RULES } from '../../../src/kubernetes/validation/fields/field-rules.ts'
import { FIELD_TYPES } from '../../../src/kubernetes/validation/fields/field-types.ts'
import { validateWorkload } from '../../../src/kubernetes/validation/validate-workload.ts'
import { taken } from '../../support/cluster.ts'
import known from '../pod-fields.json' with { type: 'json' }
import { container, env, spec, volume } from './objects.ts'
import { REFUSED_PARTS, TAKEN_PARTS } from './refused-parts.ts'
import { REFUSED_PODS } from './refused-pods.ts'
import { REFUSED_WORKLOADS } from './refused-workloads.ts'
import { TAKEN } from './taken.ts'

function validated(object: object) {
  const [resource] = readAllDocuments(JSON.stringify(object), 'test.json').flatMap(resourcesOf)
  const workload = resource && (workloadOf(resource) ?? customWorkloadsOf(resource)[0])
  return workload && validateWorkload(workload)
}

test.for([...REFUSED_WORKLOADS, ...REFUSED_PODS, ...REFUSED_PARTS])('the API server refuses %s', ([, object, said]) => {
  expect(validated(object)?.rejection).toContain(said)
})

test.for([...TAKEN, ...TAKEN_PARTS])('the API server takes %s', ([, object]) => {
  expect(validated(object)).toEqual({})
})

const POD = { containers: [{ name: 'c', image: 'web:1', imagePullPolicy: 'never' }] }

test('the pods of an operator are in doubt, and what it may add is no problem', () => {
  const rollout = (spec: object) => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    spec: { template: { spec } },
  })
  expect(validated(rollout(POD))?.doubt).toContain('its operator may change that')
  expect(validated(rollout({ containers: [{ image: 'web:1' }] }))).toEqual({})
})

test.for([
  [
    'what is to be filled in',
    { ...taken('Deployment', { containers: [{ name: 'c', image: 'a' }] }, { ...{ replicas: '${N}' } } as object) },
    'spec.replicas',
  ],
  [
    'what only an older Kubernetes serves',
    { ...taken('Deployment', { containers: [{ name: 'c', image: 'a' }] }), apiVersion: 'apps/v1beta2' },
    '1.16',
  ],
] as const)('%s is in doubt', ([, object, said]) => {
  expect(validated(object)).toEqual({ doubt: expect.stringContaining(said) })
})

test.for<[what: string, object: object, at: string | undefined]>([
  [
    'a port',
    container({ ports: [{ containerPort: 80, hostport: 80 }] }),
    'spec.template.spec.containers[0].ports[0].hostport',
  ],
  ['a probe', container({ livenessProbe: { tcpSocket: { port: 1 }, delay: 1 } }), 'containers[0].livenessProbe.delay'],
  ['a variable', env({ valuefrom: {} }), 'env[0].valuefrom'],
  ['a volume', volume({ emptyDir: { size: '1Gi' } }), 'volumes[0].emptyDir.size'],
  ['a Deployment', spec('Deployment', { replica: 2 }), 'spec.replica'],
  ['metadata, of which not all is known', { ...spec('Deployment', {}), metadata: { name: 'w', uid: 'x' } }, undefined],
  ['what is not set', container({ ports: [{ containerPort: 80, hostport: null }] }), undefined],
])('a field that the API does not have is in doubt: in %s', ([, object, at]) => {
  expect(validated(object)).toEqual(at ? { doubt: expect.stringContaining(`${at} is no field of Kubernetes`) } : {})
})

test('a pod that a cluster gave may have ephemeral containers', () => {
  const stored = taken('Pod', {
    containers: [{ name: 'c', image: 'a' }],
    ephemeralContainers: [{ name: 'e', image: 'a' }],
  })
  expect(validated({ ...stored, metadata: { name: 'w', uid: 'x' } })).toEqual({})
})

test('every rule is about a field of the API', () => {
  const unknown = Object.entries(FIELD_RULES).flatMap(([type, rules]) =>
    Object.keys(rules)
      .filter((name) => !FIELD_TYPES[type]?.split(' ').some((entry) => entry.split(':')[0] === name))
      .map((name) => `${type}.${name}`),
  )
  expect(unknown).toEqual([])
})

test('every field of a pod has a type', () => {
  const lacking = Object.entries(known.types).flatMap(([type, fields]) => {
    const own = FIELD_TYPES[type]?.split(' ').map((entry) => entry.split(':')[0]) ?? []
    return fields.filter((name) => !own.includes(name)).map((name) => `${type}.${name}`)
  })
  expect(lacking).toEqual([])
})
