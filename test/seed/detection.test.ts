import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { namesList } from '../support/names-list.ts'
import { runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const WEB = 'docker.io/library/web:1'
const NAME = `name linux/amd64 ${DIGEST} application/vnd.oci.image.index.v1+json 123 ${WEB}`
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

const KUBELET = 'var/lib/kubelet'
const CONFIG = (endpoint: string) => `kind: KubeletConfiguration\ncontainerRuntimeEndpoint: "${endpoint}" # set\n`
const FLAGS = (endpoint: string) => `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=${endpoint} --v=2"\n`

test.for<[file: string, content: string, runtime: string]>([
  [`${KUBELET}/config.yaml`, CONFIG('unix:///run/containerd/containerd.sock'), 'containerd'],
  [`${KUBELET}/config.yaml`, CONFIG('unix:///var/run/crio/crio.sock'), 'cri-o'],
  [`${KUBELET}/kubeadm-flags.env`, FLAGS('unix:///var/run/crio/crio.sock'), 'cri-o'],
  [`${KUBELET}/kubeadm-flags.env`, FLAGS('unix:///run/cri-dockerd.sock'), 'docker'],
  ['etc/default/kubelet', "KUBELET_EXTRA_ARGS='--container-runtime-endpoint /run/crio/crio.sock'\n", 'cri-o'],
  ['etc/kubernetes/kubelet/config.json', '{"containerRuntimeEndpoint":"unix:///run/crio/crio.sock"}', 'cri-o'],
])('of several runtimes, the one that the kubelet uses: %s %s', async ([file, content, runtime]) => {
  const root = await temporaryDirectory()
  for (const socket of ['containerd/containerd.sock', 'crio/crio.sock']) await listen(join(root, 'run', socket))
  await listen(join(root, 'var/run/docker.sock'))
  await program(root, 'usr/bin/ctr', CTR)
  await writeBelow(root, file, content)
  const { report } = await check(root)
  // Behind docker's socket nobody answers here, which is told of docker, and not made up for by another.
  const found = runtime === 'docker' ? {} : { result: 'gap', missingCount: 1 }
  expect(report).toMatchObject({ runtime, ...found })
})

test.for<[what: string, prepare: (root: string) => Promise<void>, message: RegExp]>([
  [
    "the kubelet's runtime, which does not run",
    (root) => writeBelow(root, `${KUBELET}/config.yaml`, CONFIG('unix:///run/containerd/containerd.sock')),
    /the kubelet uses the runtime at \/run\/containerd\/containerd.sock, which does not run/,
  ],
  [
    'a containerd that was here and does not run',
    (root) => writeBelow(root, 'var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db', ''),
    /the containerd of containerd does not run: there is no socket/,
  ],
  [
    'k3s that does not run',
    (root) => writeBelow(root, 'var/lib/rancher/k3s/agent/containerd/x', ''),
    /containerd of k3s/,
  ],
  ['CRI-O that does not run', (root) => writeBelow(root, 'etc/crio/crio.conf', ''), /CRI-O does not run/],
  ['a kubelet, and no runtime', (root) => writeBelow(root, `${KUBELET}/pods/x`, ''), /this machine has a kubelet/],
])('podman is not taken for %s', async ([, prepare, message]) => {
  const root = await temporaryDirectory()
  await prepare(root)
  expect(await check(root)).toMatchObject({ code: 3, report: { message: expect.stringMatching(message) } })
})

const PLUGINS = {
  off: 'io.containerd.grpc.v1  images  -  ok',
  failed: 'io.containerd.grpc.v1  images  -  ok\nio.containerd.grpc.v1  cri  linux/amd64  error',
  'there, in containerd 1': 'io.containerd.grpc.v1           cri                      linux/amd64    ok        ',
  'there, in containerd 2': 'io.containerd.grpc.v1           cri                      -              ok        ',
} as const

// Docker's package brings a containerd whose configuration turns that plugin off.
test.for<[plugin: keyof typeof PLUGINS, hasDocker: boolean, how: string, expected: object]>([
  ['off', true, 'found', { runtime: 'docker' }],
  ['failed', true, 'found', { runtime: 'docker' }],
  [
    'off',
    false,
    'found',
    { message: expect.stringMatching(/containerd.sock serves no kubelet, as its CRI plugin is off/) },
  ],
  [
    'off',
    true,
    'named',
    { runtime: 'containerd', result: 'unchanged', message: expect.stringMatching(/^no kubelet can/) },
  ],
  ['failed', true, 'named', { runtime: 'containerd', message: expect.stringMatching(/^no kubelet can use/) }],
  ['there, in containerd 1', true, 'found', { runtime: 'containerd', result: 'unchanged', message: '' }],
  ['there, in containerd 2', true, 'found', { runtime: 'containerd', result: 'unchanged', message: '' }],
])('a containerd whose CRI plugin is %s, docker beside it: %s, %s', async ([plugin, hasDocker, how, expected]) => {
  const root = await temporaryDirectory()
  await listen(join(root, 'run/containerd/containerd.sock'))
  if (hasDocker) await listen(join(root, 'var/run/docker.sock'))
  const labels = `io.cri-containerd.pinned=pinned,nodeseed.dev/images=${namesList(NAME).split(/\s/)[2]}`
  const answers = [
    `*' plugins ls') echo '${PLUGINS[plugin]}' ;;`,
    `*' images check') echo '${WEB} type ${DIGEST} complete (1/1) 1 B/1 B true' ;;`,
    `*' images ls') echo '${WEB} type ${DIGEST} 1 B linux/amd64 ${labels}' ;;`,
  ]
  await program(root, 'usr/bin/ctr', `#!/bin/sh\ncase $* in\n${answers.join('\n')}\nesac\n`)
  expect((await check(root, ...(how === 'named' ? ['--method', 'containerd'] : []))).report).toMatchObject(expected)
})

test('podman is taken where nothing else is or was', async () => {
  expect((await check(await temporaryDirectory())).report).toMatchObject({ result: 'gap', runtime: 'podman' })
})

async function writeBelow(root: string, file: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true })
  await writeFile(join(root, file), content)
}

async function program(root: string, file: string, content: string): Promise<void> {
  await writeBelow(root, file, content)
  await chmod(join(root, file), 0o755)
}

async function listen(socket: string): Promise<void> {
  await mkdir(dirname(socket), { recursive: true })
  const server = createServer().listen(socket)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
}

/** What the script finds on a node. */
async function check(root: string, ...more: string[]) {
  const names = join(root, 'names.txt')
  await writeFile(names, namesList(NAME))
  for (const name of ['podman', 'skopeo', 'docker']) await program(root, `path/${name}`, '#!/bin/sh\nexit 1\n')
  const args = ['--root', root, '--platform', 'linux/amd64', '--names', names, '--check', ...more]
  return runNodeScript([...args, '--from-registry', 'http://127.0.0.1:5000'], {
    env: { ROOT: root, CONTAINERD_ADDRESS: '', PATH: `${join(root, 'path')}:/usr/sbin:/usr/bin:/sbin:/bin` },
  })
}
