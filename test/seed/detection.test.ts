import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const NAME = `name linux/amd64 ${DIGEST} application/vnd.oci.image.index.v1+json 123 docker.io/library/web:1`
const K3S_SOCKET = 'run/k3s/containerd/containerd.sock'

/** Says that nothing is there, and writes down how it was called. */
const CTR = '#!/bin/sh\necho "$0 $*" >>"$ROOT/calls"\n'

// Places as the distributions' own installers have them: k3s goes to /opt/bin where /usr/local cannot be written to, and
// keeps a ctr of its own below its data directory, which a seeding pod sees wherever k3s itself lies.
test.for<[runtime: string, socket: string, program: string, ctr: string]>([
  ['k3s', K3S_SOCKET, 'usr/local/bin/k3s', 'k3s ctr'],
  ['k3s', K3S_SOCKET, 'opt/bin/k3s', 'k3s ctr'],
  ['k3s', K3S_SOCKET, 'var/lib/rancher/k3s/data/current/bin/ctr', 'ctr'],
  ['rke2', K3S_SOCKET, 'var/lib/rancher/rke2/bin/ctr', 'ctr'],
  ['k0s', 'run/k0s/containerd.sock', 'usr/local/bin/k0s', 'k0s ctr'],
  ['k0s', 'run/k0s/containerd.sock', 'opt/bin/k0s', 'k0s ctr'],
  ['microk8s', 'var/snap/microk8s/common/run/containerd.sock', 'snap/microk8s/current/bin/ctr', 'ctr'],
  ['containerd', 'run/containerd/containerd.sock', 'usr/local/bin/ctr', 'ctr'],
  ['containerd', 'run/containerd/containerd.sock', 'opt/bin/ctr', 'ctr'],
])('%s by its socket %s and %s', async ([runtime, socket, program, ctr]) => {
  const root = await temporaryDirectory()
  await listen(join(root, socket))
  await mkdir(dirname(join(root, program)), { recursive: true })
  await writeFile(join(root, program), CTR)
  await chmod(join(root, program), 0o755)
  const { report } = await check(root)
  expect(report).toMatchObject({ result: 'gap', runtime, method: 'ctr', missingCount: 1 })
  const calls = (await readFile(join(root, 'calls'), 'utf8')).split('\n')
  expect(calls).toContain(`${join(root, dirname(program), ctr)} -a ${join(root, socket)} -n k8s.io images check`)
})

test('a socket alone is no runtime', async () => {
  const root = await temporaryDirectory()
  await listen(join(root, K3S_SOCKET))
  expect(await check(root, '--method', 'ctr')).toMatchObject({
    code: 3,
    report: { message: expect.stringContaining('no runtime found') },
  })
})

async function listen(socket: string): Promise<void> {
  await mkdir(dirname(socket), { recursive: true })
  const server = createServer().listen(socket)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
}

/** What the script finds on a node. */
async function check(root: string, ...more: string[]) {
  const names = join(root, 'names.txt')
  await writeFile(names, `nodeseed-names 1 0123456789abcdef\n${NAME}\nend\n`)
  const args = ['--root', root, '--platform', 'linux/amd64', '--names', names, '--check', ...more]
  return runNodeScript([...args, '--from-registry', 'http://127.0.0.1:5000'], {
    env: { ROOT: root, CONTAINERD_ADDRESS: '' },
  })
}
