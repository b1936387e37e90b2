import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { startServing } from '../server/serving.ts'
import { shopContent } from '../server/shop-content.ts'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const WEB = '/v2/registry.example.com/shop/web/manifests/1.4'

async function demoBundle(): Promise<{ directory: string; file: string }> {
  const directory = await temporaryDirectory()
  const file = join(directory, 'demo.tar')
  await writeBundleOf(await demoContent(), file)
  return { directory, file }
}

test('a bundle is served with a log line for each request, until SIGTERM', async () => {
  const { file } = await demoBundle()
  const server = await startServing([file])
  expect(server.repositories).toContain('registry.example.com/shop/web')
  expect((await fetch(`${server.url}${WEB}`, { headers: { 'user-agent': 'kubelet' } })).status).toBe(200)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain('nodeseed_requests_total{method="GET",code="200"} 1')
  expect(await (await fetch(`${server.url}/healthz`)).text()).toBe('ok\n')
  const line =
    /^\S+ 127\.0\.0\.1 GET "\/v2\/registry\.example\.com\/shop\/web\/manifests\/1\.4" 200 \d+B [\d.]+ms "kubelet"$/m
  await vi.waitFor(() => expect(server.log()).toMatch(line), { timeout: 300_000 })
  server.process.kill('SIGTERM')
  expect(await once(server.process, 'exit')).toEqual([0, null])
})

test('SIGHUP serves what the file holds now, and a damaged file changes nothing', async () => {
  const { directory, file } = await demoBundle()
  const server = await startServing([file])
  await writeBundleOf(shopContent().content, join(directory, 'new.tar'))
  await rename(join(directory, 'new.tar'), file)
  server.process.kill('SIGHUP')
  await vi.waitFor(() => expect(server.log()).toContain('reloaded: 2 repositories'), { timeout: 300_000 })
  expect((await fetch(`${server.url}/v2/library/shop/manifests/1.0`)).status).toBe(200)
  expect((await fetch(`${server.url}${WEB}`)).status).toBe(404)
  await writeFile(join(directory, 'broken'), 'no tar')
  await rename(join(directory, 'broken'), file)
  server.process.kill('SIGHUP')
  await vi.waitFor(() => expect(server.log()).toContain('not reloaded'), { timeout: 300_000 })
  expect((await fetch(`${server.url}/v2/library/shop/manifests/1.0`)).status).toBe(200)
})

test('with --tls-dir it makes a certificate once and keeps it', async () => {
  const { directory, file } = await demoBundle()
  const tls = join(directory, 'tls')
  const first = await startServing([file, '--tls-dir', tls])
  const ca = await readFile(join(tls, 'tls.crt'), 'utf8')
  expect((await stat(join(tls, 'tls.key'))).mode & 0o777).toBe(0o600)
  expect(first.url).toMatch(/^https:/)
  expect(await statusOverTls(`${first.url}${WEB}`, ca)).toBe(200)
  const second = await startServing([file, '--tls-dir', tls])
  expect(await statusOverTls(`${second.url}${WEB}`, ca)).toBe(200)
})

test.for<[name: string, flags: (directory: string) => string[], exitCode: number, said: string]>([
  ['an address without http://', () => ['--advertise', '10.0.0.5:5000'], 2, '--advertise: not the address of a server'],
  ['an address that is none', () => ['--peer', 'http://a b'], 2, '--peer: not the address of a server'],
  ['a place for its certificate that cannot be', () => ['--tls-dir', '/sys/none'], 3, 'no certificate'],
  ['half a key pair', (at) => ['--tls-dir', at], 2, 'holds only one of tls.crt and tls.key'],
])('%s is said in a sentence, and nothing is served', async ([, flags, expected, said]) => {
  const { file } = await demoBundle()
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'tls.crt'), "somebody's")
  const { exitCode, stdout, stderr } = await runCli(['serve', file, '--listen', '127.0.0.1:0', ...flags(directory)])
  expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: '' })
  expect(stderr).toContain(said)
  expect(await readdir(directory)).toEqual(['tls.crt'])
})

test('a port in use is said as such', async () => {
  const { file } = await demoBundle()
  const address = new URL((await startServing([file])).url).host
  const { exitCode, stderr } = await runCli(['serve', file, '--listen', address])
  expect(exitCode).toBe(3)
  expect(stderr).toContain(`cannot listen on ${address}: another program listens there\n  try: Choose another port`)
})

test('with --users only they may read, and everyone may ask whether it is well', async () => {
  const { directory, file } = await demoBundle()
  await writeFile(join(directory, 'users'), '# operators\nnode:secret\n')
  const server = await startServing([file, '--users', join(directory, 'users')])
  const anonymous = await fetch(`${server.url}/v2/`)
  expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
    401,
    'Basic realm="nodeseed", charset="UTF-8"',
  ])
  expect((await fetch(`${server.url}/v2/`, basic('node:wrong'))).status).toBe(401)
  expect((await fetch(`${server.url}/v2/`, basic('node:secret'))).status).toBe(200)
  expect((await fetch(`${server.url}/metrics`)).status).toBe(401)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  expect(server.log()).not.toContain('secret')
})

test('it takes the socket that a service manager passes on', async () => {
  const { file } = await demoBundle()
  const socket = createServer().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address() as { port: number }
  const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
  const handle = (socket as unknown as { _handle: { fd: number } })._handle.fd
  // systemd sets LISTEN_PID to the process it starts; the shell that becomes it does so here.
  const child = spawn(
    'sh',
    ['-c', `LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`, 'sh', process.execPath, program, 'serve', file, '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit', handle],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  socket.close()
  expect((await fetch(`http://127.0.0.1:${port}${WEB}`)).status).toBe(200)
})

test.for<[what: string, args: string[], exitCode: number, message: string]>([
  ['a file that is not there', ['none.tar'], 2, 'none.tar: no such file'],
  ['an address that is none', ['FILE', '--listen', 'here'], 2, 'not an address to listen on: "here"'],
  [
    'an address of another machine',
    ['FILE', '--listen', '192.0.2.1:5000'],
    3,
    'cannot listen on 192.0.2.1:5000: this machine has no such address',
  ],
  ['a key that is none', ['FILE', '--tls-cert', 'FILE', '--tls-key', 'FILE'], 2, 'do not make a TLS server'],
])('%s is refused', async ([, args, exitCode, message]) => {
  const { file } = await demoBundle()
  const result = await runCli(['serve', ...args.map((arg) => (arg === 'FILE' ? file : arg))])
  expect(result.stderr).toContain(message)
  expect(result.exitCode).toBe(exitCode)
})

testWith(['kubectl'])('what runs it in the cluster is a kustomization', async () => {
  const directory = join(await temporaryDirectory(), 'registry')
  const args = ['--sandbox-image', 'registry.k8s.io/pause:3.9', '--claim', 'bundles', '--replicas', '3']
  const { exitCode, stdout } = await runCli(['serve', 'shop.tar', '--in-cluster', directory, ...args])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('copy a bundle made with --with-tool to /shop.tar in the claim bundles')
  const rendered = (await runTool('kubectl', ['kustomize', directory])).stdout
  expect(rendered.match(/^kind: \w+$/gm)).toEqual(['kind: Namespace', 'kind: Service', 'kind: Deployment'])
  for (const words of ['replicas: 3', 'claimName: bundles', 'nodePort: 30500', '- /nodeseed/bundle/shop.tar']) {
    expect(rendered).toContain(words)
  }
})

test('a bundle that carries no program for the nodes is refused', async () => {
  const { directory, file } = await demoBundle()
  const args = ['--in-cluster', join(directory, 'registry'), '--sandbox-image', 'pause:3.9', '--arch', 'arm64']
  const { exitCode, stderr } = await runCli(['serve', file, ...args])
  expect(stderr).toContain('carries no nodeseed for arm64')
  expect(exitCode).toBe(2)
})

test('what it prints for nodes names the server and each upstream', async () => {
  const { directory, file } = await demoBundle()
  const copy = join(directory, 'copy.tar')
  await copyFile(file, copy)
  const { nodeFiles } = await startServing([file, copy, '--advertise', 'http://10.0.0.5:5000'])
  expect(nodeFiles.map(({ content }) => content)).toMatchInlineSnapshot(`
    [
      "# containerd before 2.2 reads this only where its configuration says config_path = "/etc/containerd/certs.d".
    server = "http://10.0.0.5:5000"

    [host."http://10.0.0.5:5000"]
      capabilities = ["pull", "resolve"]
    ",
      "mirrors:
      "*":
        endpoint:
          - "http://10.0.0.5:5000"
    ",
      "[[registry]]
    prefix = "registry.example.com"
    location = "registry.example.com"
    [[registry.mirror]]
    location = "10.0.0.5:5000/registry.example.com"
    insecure = true
    ",
      "# Apply it with oc apply -f; the machine config operator takes it to every node, pool by pool: oc get mcp.
    # It is plain HTTP: add 10.0.0.5:5000 to spec.registrySources.insecureRegistries of image.config.openshift.io/cluster.
    apiVersion: config.openshift.io/v1
    kind: ImageDigestMirrorSet
    metadata:
      name: nodeseed
    spec:
      imageDigestMirrors:
        - source: registry.example.com
          mirrors:
            - 10.0.0.5:5000/registry.example.com
    ---
    apiVersion: config.openshift.io/v1
    kind: ImageTagMirrorSet
    metadata:
      name: nodeseed
    spec:
      imageTagMirrors:
        - source: registry.example.com
          mirrors:
            - 10.0.0.5:5000/registry.example.com
    ",
    ]
  `)
})

function basic(credentials: string): RequestInit {
  return { headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } }
}

function statusOverTls(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { ca }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}
