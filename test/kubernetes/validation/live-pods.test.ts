import { expect, test } from 'vitest'
import { livePodProblem } from '../../../src/kubernetes/validation/validate-live-pod.ts'

const METADATA = { name: 'web-1', namespace: 'shop', labels: { app: 'web' }, ownerReferences: [{ kind: 'ReplicaSet' }] }
const CONTAINER = { name: 'web', image: 'web:1', resources: { requests: { cpu: '1' } }, newField: { x: 1 } }
const SPEC = { nodeName: 'a', containers: [CONTAINER], volumes: [{ name: 'data', emptyDir: {} }], newField: [] }
const STATUS = { phase: 'Running', containerStatuses: [{ name: 'web', imageID: 'x', allocatedResources: { cpu: 1 } }] }

test.for<[what: string, part: object, said: string | undefined]>([
  ['as it is, with fields of a newer API', {}, undefined],
  ['without a status', { status: undefined }, undefined],
  ['no metadata', { metadata: undefined }, 'metadata is missing'],
  ['no name', { metadata: { labels: {} } }, 'metadata.name is missing'],
  ['labels that are none', { metadata: { name: 'a', labels: ['x'] } }, 'metadata.labels is no map'],
  ['no spec', { spec: null }, 'spec is missing'],
  ['no containers', { spec: { nodeName: 'a' } }, 'spec.containers is missing'],
  ['containers that are none', { spec: { containers: 'x' } }, 'spec.containers is no list'],
  ['a node that is none', { spec: { ...SPEC, nodeName: 5 } }, 'spec.nodeName is 5, not a text'],
  [
    'an amount that is none',
    { spec: { containers: [{ resources: { requests: { cpu: {} } } }] } },
    'spec.containers[0].resources.requests.cpu is',
  ],
  ['requests that are none', { spec: { containers: [{ resources: { requests: '3' } }] } }, 'requests is no map'],
  [
    'a port that is none',
    { spec: { containers: [{ ports: [{ containerPort: 80, hostPort: 'x' }] }] } },
    'hostPort is "x", not',
  ],
  ['volumes that are none', { spec: { ...SPEC, volumes: {} } }, 'spec.volumes is no list'],
  ['affinity that is none', { spec: { ...SPEC, affinity: 'x' } }, 'spec.affinity is no object'],
  ['a status that is none', { status: 'x' }, 'status is no object'],
  ['states of containers that are none', { status: { containerStatuses: {} } }, 'status.containerStatuses is no list'],
])('a live pod: %s', ([, part, said]) => {
  const problem = livePodProblem({ metadata: METADATA, spec: SPEC, status: STATUS, ...part })
  if (said === undefined) expect(problem).toBeUndefined()
  else expect(problem).toContain(said)
})
