import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { liveRequests } from '../../src/kubernetes/pods/live-requests.ts'

const container = (cpu?: string, name = 'c') => ({ name, ...(cpu && { resources: { requests: { cpu } } }) })
const status = (parts: { allocated?: string; actual?: string }, name = 'c') => ({
  name,
  ...(parts.allocated && { allocatedResources: { cpu: parts.allocated } }),
  ...(parts.actual && { resources: { requests: { cpu: parts.actual } } }),
})
const INFEASIBLE = { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] }
const DEFERRED = { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Deferred' }] }

test.for<[rule: string, spec: object, status: object, cpu: number | undefined]>([
  ['what it asks for', { containers: [container('1')] }, {}, 1000],
  ['it asks for nothing', { containers: [container()] }, {}, undefined],
  ['more is allocated', { containers: [container('1')] }, { containerStatuses: [status({ allocated: '3' })] }, 3000],
  [
    'more is in force',
    { containers: [container('1')] },
    { containerStatuses: [status({ allocated: '1', actual: '3' })] },
    3000,
  ],
  [
    'it asks for more, which waits',
    { containers: [container('4')] },
    { containerStatuses: [status({ allocated: '1', actual: '1' })], ...DEFERRED },
    4000,
  ],
  [
    'it asks for more than can be',
    { containers: [container('4')] },
    { containerStatuses: [status({ allocated: '1', actual: '1' })], ...INFEASIBLE },
    1000,
  ],
  [
    'the sum over containers',
    { containers: [container('1'), container('1', 'd')] },
    { containerStatuses: [status({ allocated: '2' }), status({ actual: '3' }, 'd')] },
    5000,
  ],
  [
    'sidecars too',
    { containers: [container('1')], initContainers: [{ ...container('1', 's'), restartPolicy: 'Always' }] },
    { initContainerStatuses: [status({ actual: '2' }, 's')] },
    3000,
  ],
  [
    'of the pod as a whole',
    { containers: [container('1')], resources: { requests: { cpu: '2' } } },
    { resources: { requests: { cpu: '5' } } },
    5000,
  ],
  [
    'of the pod as a whole, more than can be',
    { containers: [container('1')], resources: { requests: { cpu: '4' } } },
    { resources: { requests: { cpu: '2' } }, ...INFEASIBLE },
    2000,
  ],
  [
    'of the pod as a whole, and nothing of it is told',
    { containers: [container('1')], resources: { requests: { cpu: '4' } } },
    INFEASIBLE,
    4000,
  ],
  [
    'what the kubelet has summed up goes before its containers',
    { containers: [container('1')] },
    {
      allocatedResources: { cpu: '2' },
      resources: { requests: { cpu: '2' } },
      containerStatuses: [status({ allocated: '9' })],
    },
    2000,
  ],
  [
    'and its overhead',
    { containers: [container('1')], overhead: { cpu: '1' } },
    { containerStatuses: [status({ allocated: '3' })] },
    4000,
  ],
])('what a running pod has of its node: %s', ([, spec, podStatus, cpu]) => {
  expect(liveRequests({ spec, status: podStatus } as Pod).get('cpu')).toBe(cpu)
})
