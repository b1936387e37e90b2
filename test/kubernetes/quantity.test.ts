import { expect, test } from 'vitest'
import { parseMilli } from '../../src/kubernetes/objects/quantity.ts'
import { podRequests } from '../../src/kubernetes/pods/pod-resources.ts'

test.for<[quantity: unknown, milli: number | undefined]>([
  ['0', 0],
  ['1', 1000],
  [2, 2000],
  [0.5, 500],
  ['500m', 500],
  ['1.5', 1500],
  ['.5', 500],
  ['5.', 5000],
  ['0.07', 70],
  ['1n', 1],
  ['1u', 1],
  ['1k', 1_000_000],
  ['1Ki', 1_024_000],
  ['1.5Gi', 1_610_612_736_000],
  ['2M', 2_000_000_000],
  ['1e3', 1_000_000],
  ['1E3', 1_000_000],
  ['1E', 1e21],
  ['-1', -1000],
  ['+1', 1000],
  ['', undefined],
  ['.', undefined],
  ['1 Gi', undefined],
  ['1gi', undefined],
  ['ten', undefined],
  [null, undefined],
])('quantity %o is %o thousandths', ([quantity, milli]) => {
  expect(parseMilli(quantity)).toBe(milli)
})

const container = (cpu: string, more: object = {}) => ({ name: 'c', resources: { requests: { cpu } }, ...more })

test.for<[rule: string, spec: object, cpu: number | undefined]>([
  ['containers add up', { containers: [container('1'), container('500m')] }, 1500],
  ['nothing is requested', { containers: [{ name: 'c' }] }, undefined],
  [
    'a limit without a request is the request',
    { containers: [{ name: 'c', resources: { limits: { cpu: '2' } } }] },
    2000,
  ],
  [
    'a request beside a limit',
    { containers: [{ name: 'c', resources: { limits: { cpu: '2' }, requests: { cpu: '1' } } }] },
    1000,
  ],
  [
    'init containers run one by one',
    { containers: [container('1')], initContainers: [container('3'), container('2')] },
    3000,
  ],
  [
    'sidecars stay',
    { containers: [container('1')], initContainers: [container('1', { restartPolicy: 'Always' })] },
    2000,
  ],
  [
    'an init container runs beside the sidecars before it',
    { containers: [container('1')], initContainers: [container('2', { restartPolicy: 'Always' }), container('3')] },
    5000,
  ],
  [
    'but not beside those after it',
    { containers: [container('1')], initContainers: [container('3'), container('2', { restartPolicy: 'Always' })] },
    3000,
  ],
  ['the pod itself wins', { containers: [container('1')], resources: { requests: { cpu: '4' } } }, 4000],
  ['overhead comes on top', { containers: [container('1')], overhead: { cpu: '250m' } }, 1250],
])('pod requests: %s', ([, spec, cpu]) => {
  expect(podRequests(spec as never).get('cpu')).toBe(cpu)
})
