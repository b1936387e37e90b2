import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KEY = 'shop.nodeseed.dev/0123456789abcdef'
const PLACEMENT = {
  namespace: 'nodeseed',
  sets: [{ name: 'shop', digest: '0123456789abcdef', label: KEY, images: [], nodes: ['a', 'b'] }],
  nodes: ['a', 'b'].map((node) => ({ node, sets: ['0123456789abcdef'], seeded: 'aaaa' })),
}
const PODS = {
  items: ['True', 'False'].map((status, index) => ({
    metadata: { labels: { 'nodeseed.dev/set': 'aaaa' } },
    spec: { nodeName: index === 0 ? 'a' : 'b' },
    status: { conditions: [{ type: 'Ready', status }] },
  })),
}
const NODES = { items: ['a', 'b'].map((name) => ({ metadata: { name, labels: {} } })) }

/** A directory as seed writes it, and a kubectl that answers from files and writes down what it is asked to do. */
async function seeded(): Promise<{ directory: string; kubectl: string; log: () => Promise<string> }> {
  const directory = await temporaryDirectory()
  const inDirectory = (name: string) => join(directory, name)
  await writeFile(inDirectory('placement.json'), JSON.stringify(PLACEMENT))
  await writeFile(inDirectory('pods'), JSON.stringify(PODS))
  await writeFile(inDirectory('nodes'), JSON.stringify(NODES))
  await writeFile(inDirectory('log'), '')
  await writeFile(
    inDirectory('kubectl'),
    `#!/bin/sh\nif [ "$1" = get ]; then cat "${directory}/$2"; else echo "$*" >>"${directory}/log"; fi\n`,
  )
  await chmod(inDirectory('kubectl'), 0o755)
  return { directory, kubectl: inDirectory('kubectl'), log: () => readFile(inDirectory('log'), 'utf8') }
}

test('ready nodes are labelled, the others named, exit code 4', async () => {
  const { directory, kubectl, log } = await seeded()
  const { stdout, exitCode } = await runCli(['label', directory, '--kubectl', kubectl])
  expect(stdout).toBe(`NODE  STATE           LABELS\na     labelled        +${KEY}\nb     not seeded yet\n`)
  expect(exitCode).toBe(4)
  expect(await log()).toBe(`label --overwrite node a ${KEY}=seeded\n`)
})

test('--dry-run prints the commands and runs none', async () => {
  const { directory, kubectl, log } = await seeded()
  const { stdout } = await runCli(['label', directory, '--kubectl', kubectl, '--dry-run'])
  expect(stdout).toBe(`${kubectl} label --overwrite node a ${KEY}=seeded\n`)
  expect(await log()).toBe('')
})

test.for<[what: string, args: (directory: string) => string[], exitCode: number, message: string]>([
  ['a directory that is none of ours', () => ['test'], 2, 'placement.json: no such file'],
  [
    'a kubectl that is not there',
    (directory) => [directory, '--kubectl', '/nonexistent'],
    3,
    '/nonexistent: not found',
  ],
  ['a kubectl that fails', (directory) => [directory, '--kubectl', 'false'], 3, 'false get '],
])('%s is one clear message', async ([, args, exitCode, message]) => {
  const { directory } = await seeded()
  expect(await runCli(['label', ...args(directory)])).toMatchObject({
    exitCode,
    stderr: expect.stringContaining(message),
  })
})

test('--prune leaves a label by which a workload still selects nodes, and says which', async () => {
  const { directory, kubectl, log } = await seeded()
  const [held, free] = ['2222222222222222', '3333333333333333'].map((digest) => `shop.nodeseed.dev/${digest}`)
  const labels = { [KEY]: 'seeded', [held ?? '']: 'seeded', [free ?? '']: 'seeded' }
  await writeFile(join(directory, 'nodes'), JSON.stringify({ items: [{ metadata: { name: 'a', labels } }] }))
  const spec = { template: { spec: { nodeSelector: { [held ?? '']: 'seeded' } } } }
  const user = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'shop', name: 'web' }, spec }
  const kinds = 'deployments,statefulsets,daemonsets,replicasets,replicationcontrollers,jobs,cronjobs,pods'
  await writeFile(join(directory, kinds), JSON.stringify({ items: [user] }))
  const { stderr, exitCode } = await runCli(['label', directory, '--kubectl', kubectl, '--prune'])
  expect(stderr).toContain(`warning: ${held} stays: nodes are selected by it: Deployment shop/web\n`)
  expect(exitCode).toBe(4)
  expect(await log()).toBe(`label --overwrite node a ${free}-\n`)
  const { stdout } = await runCli(['label', directory, '--kubectl', kubectl, '--prune', '--dry-run', '--json'])
  expect(JSON.parse(stdout).nodes[0]).toMatchObject({ kept: [{ key: held, users: ['Deployment shop/web'] }] })
})

test.for<[said: string, code: string]>([
  [
    'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    'CLUSTER_UNREACHABLE',
  ],
  ['Unable to connect to the server: dial tcp: lookup api.example: no such host', 'CLUSTER_UNREACHABLE'],
  ['Error from server (Forbidden): nodes is forbidden', 'KUBECTL_FAILED'],
])('what kubectl says of a cluster is told apart: %s', async ([said, code]) => {
  const { directory, kubectl } = await seeded()
  await writeFile(kubectl, `#!/bin/sh\necho '${said}' >&2\nexit 1\n`)
  const { exitCode, stdout } = await runCli(['label', directory, '--kubectl', kubectl, '--json'])
  expect(exitCode).toBe(3)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code, message: expect.stringContaining(said) } })
})
