import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { PROGRAM } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { WatchApi } from '../support/watch-api.ts'

const KEY = 'images.nodeseed.dev/0123456789abcdef'
const TAINT = { key: 'nodeseed.dev/not-seeded', effect: 'NoSchedule' }
const PODS = '/api/v1/namespaces/nodeseed/pods'
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/nodeseed/leases/nodeseed-controller'
const WAIT = { timeout: 60_000, interval: 50 }
const long = '2026-01-01T00:00:00Z'

function node(name: string, taints: object[] = []): object {
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: long }]
  return { metadata: { name, labels: {} }, spec: { taints }, status: { conditions } }
}

function seedingPod(nodeName: string, isReady: boolean): object {
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: long }]
  const keep = { name: 'keep', ready: isReady, state: { running: { startedAt: long } } }
  return {
    metadata: {
      name: `seed-${nodeName}`,
      namespace: 'nodeseed',
      labels: { 'nodeseed.dev/set': 'abc' },
      annotations: { 'nodeseed.dev/labels': KEY, 'nodeseed.dev/bytes': '4096' },
    },
    spec: { nodeName },
    status: { conditions, ...(isReady ? { containerStatuses: [keep] } : {}) },
  }
}

interface Replica {
  readonly process: ChildProcess
  said(): string
  metrics(): Promise<string>
}

/** The controller as a process of its own, as a pod runs it. */
async function startReplica(api: WatchApi, name: string): Promise<Replica> {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'token'), 'secret\n')
  const args = [
    'controller',
    '--server',
    api.address,
    '--token-file',
    join(directory, 'token'),
    '--listen',
    '127.0.0.1:0',
  ]
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, POD_NAME: name },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  const url = new Promise<string>((resolve) => {
    createInterface(child.stderr).on('line', (line) => {
      said += `${line}\n`
      const [, found] = /metrics at (\S+)/.exec(line) ?? []
      if (found) resolve(found)
    })
  })
  const address = await url
  return { process: child, said: () => said, metrics: async () => (await fetch(address)).text() }
}

const labelOf = (api: WatchApi, name: string) => api.get(`/api/v1/nodes/${name}`).metadata.labels[KEY]
const taintsOf = (api: WatchApi, name: string) => api.get(`/api/v1/nodes/${name}`).spec?.taints

test('a node that joins: no label while it is seeded, then the label and no taint; images lost, no label', async () => {
  const api = await WatchApi.start()
  const replica = await startReplica(api, 'one')
  const taint = { key: 'gpu', effect: 'NoSchedule' }
  api.put('/api/v1/nodes/new', node('new', [TAINT, taint]))
  api.put(`${PODS}/seed-new`, seedingPod('new', false))
  await expect.poll(() => replica.metrics(), WAIT).toContain('nodeseed_nodes{state="seeding"} 1')
  expect([labelOf(api, 'new'), taintsOf(api, 'new')]).toEqual([undefined, [TAINT, taint]])

  api.put(`${PODS}/seed-new`, seedingPod('new', true))
  await expect.poll(() => labelOf(api, 'new'), WAIT).toBe('seeded')
  expect(taintsOf(api, 'new')).toEqual([taint])
  const metrics = await replica.metrics()
  expect(metrics).toContain('nodeseed_nodes{state="seeded"} 1')
  expect(metrics).toContain('nodeseed_set_bytes{set="abc"} 4096')
  expect(metrics).toContain(`nodeseed_set_seeded_timestamp_seconds{set="abc"} ${Date.parse(long) / 1000}`)
  expect(metrics).toContain('nodeseed_leader 1')

  const lost = seedingPod('new', true) as { status: { conditions: { status: string }[] } }
  lost.status.conditions[0]!.status = 'False'
  api.put(`${PODS}/seed-new`, lost)
  await expect.poll(() => labelOf(api, 'new'), WAIT).toBeUndefined()
  expect(await replica.metrics()).toContain('nodeseed_node_failed{node="new"} 1')
  expect(replica.said()).toContain('node new: failed: images are gone from the node')
})

test('of two replicas one acts; when it goes, the other does', async () => {
  const api = await WatchApi.start()
  api.put('/api/v1/nodes/a', node('a'))
  api.put(`${PODS}/seed-a`, seedingPod('a', true))
  const first = await startReplica(api, 'first')
  await expect.poll(() => labelOf(api, 'a'), WAIT).toBe('seeded')
  const second = await startReplica(api, 'second')
  await expect.poll(() => second.metrics(), WAIT).toContain('nodeseed_nodes{state="seeded"} 1')
  expect(await second.metrics()).toContain('nodeseed_leader 0')
  expect(api.requests.filter((request) => request.startsWith('PATCH'))).toHaveLength(1)

  first.process.kill('SIGTERM')
  expect(await once(first.process, 'exit')).toEqual([0, null])
  await expect.poll(() => api.get(LEASE).spec.holderIdentity, WAIT).toBe('second')
  api.put('/api/v1/nodes/b', node('b', [TAINT]))
  api.put(`${PODS}/seed-b`, seedingPod('b', true))
  await expect.poll(() => labelOf(api, 'b'), WAIT).toBe('seeded')
})

test('one that was killed is replaced once its lease is over', async () => {
  const api = await WatchApi.start()
  const first = await startReplica(api, 'first')
  await expect.poll(() => api.get(LEASE)?.spec.holderIdentity, WAIT).toBe('first')
  const second = await startReplica(api, 'second')
  first.process.kill('SIGKILL')
  await expect.poll(() => api.get(LEASE).spec.holderIdentity, WAIT).toBe('second')
  await expect.poll(() => second.said(), WAIT).toContain('second acts')
})

test('an API server that is out of order changes nothing, and is heard again', async () => {
  const api = await WatchApi.start()
  api.put('/api/v1/nodes/a', node('a'))
  api.put(`${PODS}/seed-a`, seedingPod('a', true))
  const replica = await startReplica(api, 'one')
  await expect.poll(() => labelOf(api, 'a'), WAIT).toBe('seeded')
  api.isOut = true
  await expect.poll(() => replica.metrics(), WAIT).toMatch(/nodeseed_api_errors_total [1-9]/)
  expect(await replica.metrics()).toContain('nodeseed_nodes{state="seeded"} 1')
  // What happened meanwhile is seen afterwards.
  api.put('/api/v1/nodes/b', node('b', [TAINT]))
  api.put(`${PODS}/seed-b`, seedingPod('b', true))
  api.remove(`${PODS}/seed-a`)
  api.isOut = false
  await expect.poll(() => labelOf(api, 'b'), WAIT).toBe('seeded')
  expect(labelOf(api, 'a')).toBe('seeded')
})
