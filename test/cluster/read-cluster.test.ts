import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, onTestFinished } from 'vitest'
import { AUDITED } from '../../src/cli/audit/audit-sources.ts'
import { ApiProxy } from '../../src/cluster/api-proxy.ts'
import { readCluster } from '../../src/cluster/read-cluster.ts'
import type { ExpectedError } from '../../src/errors.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { nameOfNode } from '../../src/kubernetes/objects/node.ts'
import { WORKLOAD_KINDS } from '../../src/kubernetes/objects/workload.ts'
import { node } from '../support/cluster.ts'
import {
  type Answer,
  type ApiServer,
  discovery,
  KINDS,
  reply,
  startApiServer,
  writeKubeconfig,
} from '../support/cluster-api.ts'
import { testWith, tool } from '../support/debian.ts'

const withKubectl = testWith(['kubectl'])

/** Reads a cluster as the command does, with the real kubectl. */
async function read(
  { kubeconfig }: Pick<ApiServer, 'kubeconfig'>,
  options: { timeout?: number; context?: string } = {},
) {
  const command = [tool('kubectl'), '--kubeconfig', kubeconfig]
  const api = await ApiProxy.start({ command, ...options })
  onTestFinished(() => api.close())
  return readCluster(api)
}

async function failure(reading: Promise<unknown>): Promise<ExpectedError> {
  return reading.then(
    () => expect.fail('it should have failed'),
    (error: ExpectedError) => error,
  )
}

const owned = (name: string) => ({
  metadata: { name, ownerReferences: [{ kind: 'ReplicaSet', name: 'x', controller: true }] },
})

withKubectl('everything is read, page by page', async () => {
  const nodes = Array.from({ length: 7 }, (_, index) => node(`n${index}`))
  const server = await startApiServer(
    {
      '/api/v1/nodes': nodes,
      '/api/v1/pods': [
        { metadata: { name: 'bare' }, spec: { containers: [] } },
        { metadata: { name: 'done' }, status: { phase: 'Succeeded' } },
        owned('of-a-deployment'),
      ],
      '/apis/apps/v1/deployments': [{ metadata: { name: 'web' } }],
      '/apis/batch/v1/jobs': [
        owned('of-a-cron-job'),
        { metadata: { name: 'migrated' }, status: { conditions: [{ type: 'Complete', status: 'True' }] } },
      ],
      '/apis/apps/v1/replicasets': [
        { metadata: { name: 'of-a-rollout', ownerReferences: [{ kind: 'Rollout', name: 'x' }] } },
      ],
      '/apis/node.k8s.io/v1/runtimeclasses': [{ metadata: { name: 'gvisor' }, handler: 'runsc' }],
    },
    {
      pageSize: 3,
      objects: { '/api/v1/nodes/n0/proxy/configz': { kubeletconfig: { nodeStatusMaxImages: -1 } } },
    },
  )
  const state = await read(server)
  expect(state.nodes.map(nameOfNode)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'])
  expect(server.asked.filter((path) => path.startsWith('/api/v1/nodes?'))).toHaveLength(3)
  expect(state.pods).toHaveLength(3)
  expect(state.objects).toMatchObject([
    { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'bare' } },
    { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'web' } },
    { kind: 'ReplicaSet', apiVersion: 'apps/v1', metadata: { name: 'of-a-rollout' } },
    { kind: 'RuntimeClass', apiVersion: 'node.k8s.io/v1', metadata: { name: 'gvisor' } },
  ])
  expect(state.kubelets.get('n0')?.maxImages).toBe(-1)
})

withKubectl('what OpenShift has besides is read where a node is one of OpenShift', async () => {
  const set = '/apis/config.openshift.io/v1/imagedigestmirrorsets'
  const paths = { [set]: [{ metadata: { name: 'm' } }] }
  const plain = await startApiServer({ '/api/v1/nodes': [node('a')], ...paths })
  expect((await read(plain)).objects).toEqual([])
  expect(plain.asked.filter((path) => path.includes('openshift'))).toEqual([])

  const of = node('a', { labels: { 'node.openshift.io/os_id': 'rhel' } })
  const openShift = await startApiServer({ '/api/v1/nodes': [of], ...paths })
  const { objects } = await read(openShift)
  expect(objects).toMatchObject([{ kind: 'ImageDigestMirrorSet', metadata: { name: 'm' } }])
})

withKubectl('every kind that counts among files is read of a cluster', async () => {
  const server = await startApiServer({}, { objects: discovery() })
  await read(server)
  const kinds = new Set(server.asked.flatMap((path) => KINDS[LIST.exec(path)?.[2] ?? ''] ?? []))
  // What those two hold is not asked for; of a Rollout its ReplicaSets are read; a constraint has a name of its user's choice.
  const unasked = new Set<string>([...WORKLOAD_KINDS, 'ConfigMap', 'Secret', 'Rollout', 'config.openshift.io'])
  const groups = new Set(server.asked.map((path) => LIST.exec(path)?.[1]))
  const counting = AUDITED.keepKinds.filter((kind) => !unasked.has(kind))
  expect(counting.filter((kind) => !(kind.includes('.') ? groups : kinds).has(kind))).toEqual([])
})

const clusterPolicies = (group: string) => `/apis/${group}/v1/clusterpolicies`

withKubectl('what an extension has is read in the first version that serves it, of no other group', async () => {
  const paths = [clusterPolicies('kyverno.io'), '/apis/kyverno.io/v2/clusterpolicies', clusterPolicies('example.com')]
  const lists = Object.fromEntries(paths.map((path, index) => [path, [{ metadata: { name: `p${index}` } }]]))
  const served = { 'kyverno.io/v1': [], 'kyverno.io/v2': ['clusterpolicies'], 'example.com/v1': ['clusterpolicies'] }
  const twice = { ...served, 'kyverno.io/v1': ['clusterpolicies'] }
  const names = async (extensions: Record<string, string[]>) => {
    const state = await read(await startApiServer(lists, { objects: discovery(extensions) }))
    return state.objects.map(({ metadata }) => (metadata as { name: string }).name)
  }
  expect([await names(served), await names(twice)]).toEqual([['p1'], ['p0']])
})

withKubectl.for<[what: string, path: string]>([
  ['the groups', '/apis'],
  ['the resources of a group', '/apis/policies.kubewarden.io/v1'],
  ['the objects', '/apis/policies.kubewarden.io/v1/admissionpolicies'],
])('an extension of which %s may not be read is said, and the rest is read', async ([, path]) => {
  const answer: Answer = (request, response) => {
    if (request.url?.split('?')[0] !== path) return false
    reply(response, 403, 'forbidden here')
    return true
  }
  const server = await startApiServer({ '/api/v1/nodes': [node('a')] }, { objects: discovery(), answer })
  const state = await read(server)
  expect(state.unread.join()).toContain('forbidden here')
  expect(state.nodes).toHaveLength(1)
})

const ownedBy = (apiVersion: string, kind: string) => ({
  metadata: { name: `of-${kind} ${apiVersion}`, ownerReferences: [{ apiVersion, kind, name: 'x' }] },
})

withKubectl('a pod stands for an owner that is not read', async () => {
  const server = await startApiServer({
    '/api/v1/nodes': [node('a')],
    '/api/v1/pods': [
      ownedBy('apps/v1', 'ReplicaSet'),
      ownedBy('batch/v1', 'Job'),
      ownedBy('v1', 'Node'),
      ownedBy('v1', 'ReplicationController'),
      ownedBy('batch.volcano.sh/v1alpha1', 'Job'),
      ownedBy('apps.kruise.io/v1alpha1', 'StatefulSet'),
    ],
  })
  const { objects } = await read(server)
  expect(objects.map(({ metadata }) => (metadata as { name: string }).name)).toEqual([
    'of-ReplicationController v1',
    'of-Job batch.volcano.sh/v1alpha1',
    'of-StatefulSet apps.kruise.io/v1alpha1',
  ])
})

withKubectl('a list whose pages expire begins again', async () => {
  let expired = 0
  const answer: Answer = (request, response) => {
    if (!request.url?.includes('continue=') || expired++ > 0) return false
    reply(response, 410, 'The provided continue parameter is too old')
    return true
  }
  const server = await startApiServer({ '/api/v1/nodes': [node('a'), node('b')] }, { pageSize: 1, answer })
  expect((await read(server)).nodes.map(nameOfNode)).toEqual(['a', 'b'])
  expect(expired).toBe(2)
})

withKubectl('a list that expires every time ends in an error', async () => {
  const answer: Answer = (request, response) => {
    if (!request.url?.includes('continue=')) return false
    reply(response, 410, 'too old')
    return true
  }
  const server = await startApiServer({ '/api/v1/nodes': [node('a'), node('b')] }, { pageSize: 1, answer })
  expect(await failure(read(server))).toMatchObject({
    code: 'CLUSTER_ERROR',
    message: expect.stringMatching(/expired 4 times/),
  })
})

const refuse =
  (status: number, message: string, path = '/api/v1/nodes'): Answer =>
  (request, response) => {
    if (!request.url?.startsWith(path)) return false
    reply(response, status, message)
    return true
  }

for (const [status, code, hint] of [
  [401, 'UNAUTHORIZED', /Log in again/],
  [403, 'DENIED', /examples\/audit\/read-only.yaml/],
  [500, 'CLUSTER_ERROR', /kubectl get nodes/],
  [503, 'CLUSTER_UNREACHABLE', /--context/],
] as const) {
  withKubectl(`${status}: the API server's words, and what to do`, async () => {
    const server = await startApiServer({}, { answer: refuse(status, 'nodes is forbidden: User "jo" cannot list') })
    const error = await failure(read(server))
    expect(error.code).toBe(code)
    expect(error.message).toBe(`GET /api/v1/nodes: ${status} nodes is forbidden: User "jo" cannot list`)
    expect(error.hint).toMatch(hint)
  })
}

withKubectl('kubelet settings that may not be read are done without, after one refusal', async () => {
  const nodes = Array.from({ length: 50 }, (_, index) => node(`n${index}`))
  const answer = refuse(403, 'nodes "n0" is forbidden: cannot get resource "nodes/proxy"', '/api/v1/nodes/')
  const server = await startApiServer({ '/api/v1/nodes': nodes }, { answer })
  const state = await read(server)
  expect(state.unread[0]).toContain('cannot get resource "nodes/proxy"')
  expect(state.kubelets.size).toBe(0)
  expect(server.asked.filter((path) => path.endsWith('configz')).length).toBeLessThan(20)
})

withKubectl('a kind that may not be read is not complete: what is not known of it may exist all the same', async () => {
  const classes = [{ metadata: { name: 'high' }, value: 1 }]
  const server = await startApiServer(
    { '/apis/scheduling.k8s.io/v1/priorityclasses': classes },
    { answer: refuse(403, 'persistentvolumeclaims is forbidden', '/api/v1/persistentvolumeclaims') },
  )
  const state = await read(server)
  expect(state.completeKinds).toContain('PriorityClass')
  expect(state.completeKinds).not.toContain('PersistentVolumeClaim')
  expect(state.unread.join()).toContain('persistentvolumeclaims is forbidden')
  expect(state.objects).toMatchObject([{ kind: 'PriorityClass', metadata: { name: 'high' } }])
})

withKubectl('an answer that does not come in time is an error, not a wait', async () => {
  const server = await startApiServer({}, { answer: ({ url }) => url?.startsWith('/api/v1/nodes') ?? false })
  const error = await failure(read(server, { timeout: 300 }))
  expect(error).toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
    message: 'GET /api/v1/nodes?limit=500: no answer within 0.3 s',
  })
})

withKubectl('a cluster that is not there', async () => {
  const error = await failure(read({ kubeconfig: await writeKubeconfig('http://127.0.0.1:1') }))
  expect(error).toMatchObject({ code: 'CLUSTER_UNREACHABLE', message: expect.stringMatching(/refused/) })
})

withKubectl('a context that is not there', async () => {
  const error = await failure(read(await startApiServer({}), { context: 'nowhere' }))
  expect(error).toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
    message: expect.stringMatching(/context "nowhere" does not exist/),
  })
})

testWith([])('kubectl that is not there', async () => {
  const error = await failure(ApiProxy.start({ command: ['no-such-kubectl'] }))
  expect(error).toMatchObject({
    code: 'KUBECTL_MISSING',
    message: 'no-such-kubectl: not found',
    hint: expect.stringMatching(/--kubectl/),
  })
})

withKubectl('nothing is left behind: no process, no socket', async () => {
  const sockets = () => readdirSync(tmpdir()).filter((name) => name.startsWith('nodeseed-api-'))
  const before = sockets()
  const { kubeconfig } = await startApiServer({})
  const api = await ApiProxy.start({ command: [tool('kubectl'), '--kubeconfig', kubeconfig] })
  expect(sockets().length).toBeGreaterThan(before.length)
  await api.close()
  expect(sockets()).toEqual(before)
  await expect(api.get('/version')).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' })
})

/** The group and the resource of a list. */
const LIST = /^\/api(?:s\/([^/]+))?\/v[12](?:(?:alpha|beta)1)?\/([a-z0-9]+)(?=\?)/

withKubectl('the published role allows all that is read, and nothing else', async () => {
  const nodes = { '/api/v1/nodes': [node('a', { labels: { 'node.openshift.io/os_id': 'rhel' } })] }
  const server = await startApiServer(nodes, { objects: discovery() })
  await read(server)
  const roles = readAllDocuments(await readFile('examples/audit/read-only.yaml', 'utf8'), 'read-only.yaml')
  const rules = roles.flatMap(
    ({ value }) => (value as { rules: Record<'apiGroups' | 'resources' | 'verbs', string[]>[] }).rules,
  )
  const allowed = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.map((resource) => `${verbs.join()} ${group}/${resource}`)),
  )
  const asked = server.asked.flatMap((path) => {
    const [, group = '', resource] = LIST.exec(path) ?? []
    if (group === 'constraints.gatekeeper.sh' && resource) return `list ${group}/*`
    if (resource) return `list ${group}/${resource}`
    return path.endsWith('/proxy/configz') ? 'get /nodes/proxy' : []
  })
  expect(new Set(asked)).toEqual(new Set(allowed))
})
