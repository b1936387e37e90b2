import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { liveFailures } from '../../src/audit/findings/live-failures.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const EXEC = 'failed to create shim task: exec /web: exec format error'

/** A pod of the image on node a, and what the kubelet says of its container. */
const pod = (status: object, policy = 'IfNotPresent', list = 'containers'): Pod =>
  ({
    metadata: { name: 'other', namespace: 'x' },
    spec: { nodeName: 'a', [list]: [{ name: 'c', image: 'web:1', imagePullPolicy: policy }] },
    status: {
      phase: 'Pending',
      [list === 'containers' ? 'containerStatuses' : 'initContainerStatuses']: [
        { name: 'c', image: 'web:1', ...status },
      ],
    },
  }) as unknown as Pod

const waiting = (reason: string) => ({ state: { waiting: { reason } } })
const ended = (reason: string, message = '') => ({ terminated: { exitCode: 1, reason, message } })

test.for<[what: string, live: Pod, starts: boolean | null, isTold: boolean]>([
  ['an image that it cannot inspect', pod(waiting('ImageInspectError')), null, true],
  ['also of one that pulls Always', pod(waiting('ImageInspectError'), 'Always'), null, true],
  ['an init container', pod(waiting('CreateContainerError'), 'Never', 'initContainers'), null, true],
  ['a signature that does not fit', pod(waiting('SignatureValidationFailed')), null, true],
  ['a container that cannot be made', pod(waiting('CreateContainerError')), null, true],
  ['one that cannot be run', pod(waiting('RunContainerError')), null, true],
  ['one that ended at its start', pod({ state: ended('StartError') }), null, true],
  ["docker's word for it", pod({ state: ended('ContainerCannotRun') }), null, true],
  ['the program of another machine', pod({ state: ended('Error', EXEC) }), null, true],
  ['one that waits after that', pod({ ...waiting('CrashLoopBackOff'), lastState: ended('StartError') }), null, true],
  ['one that runs since', pod({ state: { running: {} }, lastState: ended('StartError') }), true, false],
  ['a program that fails by itself', pod({ ...waiting('CrashLoopBackOff'), lastState: ended('Error') }), true, false],
  ['one that lacks a ConfigMap', pod(waiting('CreateContainerConfigError')), true, false],
  ['one that is on its way', pod(waiting('ContainerCreating')), true, false],
])('a live pod of the image: %s', ([, live, starts, isTold]) => {
  const nodes = [node('a', { images: [WEB] })]
  for (const hasMirror of [false, true]) {
    const audited = auditCluster([workload()], nodes, { livePods: [live], hasMirror })
    expect(audited.workloads[0]?.nodes[0]?.starts).toBe(starts)
    expect(liveFailures(audited, [live])).toHaveLength(isTold ? 1 : 0)
  }
})

test('what is not there is missing, whatever a pod says that fails with it', () => {
  const live = pod(waiting('CreateContainerError'))
  const { workloads } = auditCluster([workload()], [node('a', { images: [] })], { livePods: [live] })
  expect(workloads[0]?.nodes[0]).toMatchObject({ starts: false, reason: 'ImageMissing' })
})

const unscheduled = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message: '0/1 nodes are available',
}
const own = (status: object, more: object = {}): Pod =>
  ({
    metadata: { name: 'w-0', namespace: 'default', ownerReferences: [{ kind: 'StatefulSet', name: 'w' }], ...more },
    spec: { nodeName: 'a', containers: [{ name: 'c', image: 'web:1' }] },
    status: { phase: 'Pending', ...status },
  }) as unknown as Pod
const config = (reason: string) => ({
  containerStatuses: [{ name: 'c', image: 'web:1', state: { waiting: { reason, message: 'secret "x" not found' } } }],
})

test.for<[what: string, live: Pod, said: string | undefined]>([
  ['no node', own({ conditions: [unscheduled] }), 'pod w-0: Unschedulable: 0/1 nodes are available'],
  ['a node, as others do', own({ conditions: [{ ...unscheduled, status: 'True' }] }), undefined],
  ['a gate', own({ conditions: [{ ...unscheduled, reason: 'SchedulingGated' }] }), undefined],
  ['a Secret', own(config('CreateContainerConfigError')), 'CreateContainerConfigError: secret "x" not found'],
  ['its turn', own(config('ContainerCreating')), undefined],
  ['nothing, as it goes', own(config('CreateContainerConfigError'), { deletionTimestamp: 'x' }), undefined],
  ['nothing, as it has ended', own({ phase: 'Failed', conditions: [unscheduled] }), undefined],
])('a live pod of a workload that waits for %s', ([, live, said]) => {
  const nodes = [node('a', { images: [WEB] })]
  const { workloads, findings } = auditCluster([workload({ kind: 'StatefulSet' })], nodes, { livePods: [live] })
  expect(workloads[0]?.verdict).toBe(said === undefined ? 'safe' : 'unknown')
  const told = findings.filter(({ code }) => code === 'LIVE_TROUBLE').map(({ message }) => message)
  expect(told).toEqual(said === undefined ? [] : [expect.stringContaining(said)])
})
