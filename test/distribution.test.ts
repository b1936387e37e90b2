import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import type { Container, Volume } from 'kubernetes-types/core/v1.js'
import { expect, test, vi } from 'vitest'
import { type ToolArchitecture, toolFile } from '../src/bundle/format/node-files.ts'
import { demoContent } from '../src/demo/images.ts'
import { deployment } from '../src/seed/output/serve-resources.ts'
import { writeBundleOf } from './server/bundle-of.ts'
import { startServer } from './server/running-server.ts'
import { BareRoot } from './support/bare-root.ts'
import { writeTestBundle } from './support/bundle-maker.ts'
import { type Containerd, PAUSE_IMAGE, startContainerd } from './support/containerd.ts'
import type { CriContainer } from './support/cri.ts'
import { runTool, testWith, tool } from './support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from './support/image-maker.ts'
import { findProgram } from './support/named-tools.ts'
import { temporaryDirectory } from './support/temporary.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))

let binary: Promise<string> | undefined

/** The path of the single executable, built once for all tests. */
function buildBinary(): Promise<string> {
  binary ??= run(process.execPath, ['bin/build-binary.js'], { cwd: ROOT }).then(({ stdout }) => stdout.trim())
  return binary
}

test('the single executable does the main job without Node, PATH or files of the package', async () => {
  const program = await buildBinary()
  const [{ size }, node] = await Promise.all([stat(program), stat(process.execPath)])
  expect(size, 'it holds no symbols of Node').toBeLessThan(node.size)
  const directory = await temporaryDirectory()
  const runBare = (...args: string[]) => run(program, args, { cwd: directory, env: { PATH: '/nowhere' } })
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  expect((await runBare('--version')).stdout).toContain(`nodeseed/${version}`)
  const { stdout: walked } = await runBare('demo', '--json')
  expect(JSON.parse(walked).steps.at(-1).said[0]).toBe('4 safe:')
  expect((await runBare('verify', 'nodeseed-demo/shop.tar')).stdout).toContain('every byte is as its digest says')

  // It crosses the gap inside a bundle, and works on the other side.
  const mirror = `registry.example.com=${await startServer(await demoContent())}/registry.example.com`
  const image = 'registry.example.com/shop/report:0.9'
  await runBare('bundle', '--image', image, '--mirror', mirror, '--with-tool', '-o', 'carried.tar')
  const carried =
    'tar -xOf carried.tar nodeseed/tool-$(uname -m).gz | gzip -d > tool && chmod +x tool && ./tool verify carried.tar'
  expect((await run('sh', ['-c', carried], { cwd: directory })).stdout).toContain('every byte is as its digest says')
})

testWith([], { root: true })('the single executable works where nothing is but it and the C libraries', async () => {
  const bare = await BareRoot.create(await buildBinary())
  expect(bare.libraries).toEqual(['libc', 'libdl', 'libgcc_s', 'libm', 'libpthread', 'libstdc++'])
  await cp(join(ROOT, 'examples/demo'), join(bare.path, 'demo'), { recursive: true })
  expect(await bare.run('scan', 'demo', '--format', 'images')).toContain('registry.example.com/shop/web:1.4\n')
  const mirror = `registry.example.com=${await startServer(await demoContent())}/registry.example.com`
  await bare.run('bundle', 'demo', '--mirror', mirror, '-o', 'shop.tar')
  expect(await bare.run('verify', 'shop.tar')).toContain('every byte is as its digest says')
  await bare.run('seed', 'shop.tar', '--nodes', 'demo/nodes.yaml', '-o', 'seed', 'demo')
  expect(await readFile(join(bare.path, 'seed/labels.sh'), 'utf8')).toMatch(/^#!\/bin\/sh\n/)
  expect(await bare.run('load', '--help')).toContain('USAGE')
  expect(await bare.run('completion', '--words', '--', 'serve', '--lis')).toBe('--listen\n')
  const { line } = await bare.start('serve', 'shop.tar', '--listen', '127.0.0.1:0')
  const [url] = /http:\S+/.exec(line) ?? []
  expect((await fetch(`${url}/v2/registry.example.com/shop/web/manifests/1.4`)).status).toBe(200)
})

test('no executable is made of a Node for which the program would not be compiled', async () => {
  const other = join(await temporaryDirectory(), 'node')
  await writeFile(other, 'v22.19.0')
  const built = run(process.execPath, ['bin/build-binary.js', '--node', other], { cwd: ROOT })
  const stderr = `${other}: not Node ${process.version}, for which the program is compiled here\n`
  await expect(built).rejects.toMatchObject({ code: 3, stderr })
})

/** A root directory in which a Node for musl runs. */
const MUSL = process.env.NODESEED_MUSL
if (!MUSL)
  process.stderr.write('NOT RUN: the program on musl: NODESEED_MUSL names no root directory with such a Node\n')

test.runIf(MUSL && process.getuid?.() === 0)('the package runs on musl', async () => {
  const root = await temporaryDirectory()
  await run('cp', ['-a', `${MUSL}/.`, root])
  for (const part of ['bin', 'dist', 'examples', 'package.json', 'oclif.manifest.json']) {
    await cp(join(ROOT, part), join(root, 'nodeseed', part), { recursive: true })
  }
  const chroot = (...args: string[]) => run('/usr/sbin/chroot', [root, '/usr/bin/node', ...args], { env: {} })
  const { stdout: of } = await chroot('-p', 'process.report.getReport().header.glibcVersionRuntime')
  expect(of).toBe('undefined\n')
  expect((await chroot('/nodeseed/bin/run.js', 'demo')).stdout).toContain('starts on 4 of 4 nodes')
  const { stdout: verified } = await chroot('/nodeseed/bin/run.js', 'verify', 'nodeseed-demo/shop.tar')
  expect(verified).toContain('every byte is as its digest says')
})

const NFPM = findProgram('nfpm')
if (NFPM === undefined) process.stderr.write('NOT RUN: packages of Debian and rpm: NODESEED_TOOLS names no nfpm\n')

test.runIf(NFPM !== undefined && process.getuid?.() === 0)(
  'packages of Debian and rpm put the program where it belongs',
  async () => {
    await buildBinary()
    const into = await temporaryDirectory()
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    const args = ['bin/build-packages.js', '--compression', 'none', '--into', into]
    await run(process.execPath, args, { cwd: ROOT, env: { ...process.env, NFPM } })
    const [deb = '', rpm = ''] = (await readdir(into)).sort().reverse()
    const { stdout: fields } = await run('dpkg-deb', ['--field', join(into, deb)])
    expect(fields).toContain(`Package: nodeseed\nVersion: ${version}\n`)
    expect(fields).toMatch(/^Depends: libc6 \(>= 2.28\), libstdc\+\+6, libgcc-s1/m)
    await run('dpkg-deb', ['--extract', join(into, deb), join(into, 'deb')])
    const bare = await BareRoot.create(join(into, 'deb/usr/bin/nodeseed'))
    expect(await bare.run('--version')).toContain(`nodeseed/${version}`)
    const completion = join(into, 'deb/usr/share/bash-completion/completions/nodeseed')
    expect(await readFile(completion, 'utf8')).toContain('nodeseed completion --words')
    const { stdout: names } = await runTool('bsdtar', ['-tf', join(into, rpm)])
    expect(names.trim().split('\n')).toEqual([
      '/usr/bin/nodeseed',
      '/usr/share/bash-completion/completions/nodeseed',
      '/usr/share/doc/nodeseed/CHANGELOG.md',
      '/usr/share/doc/nodeseed/copyright',
      '/usr/share/doc/nodeseed/licences.txt',
      '/usr/share/fish/vendor_completions.d/nodeseed.fish',
      '/usr/share/zsh/site-functions/_nodeseed',
    ])
  },
)

testWith(['podman', 'tar'], { root: true })('the image of the Containerfile runs the program', async () => {
  const [program, directory] = [await buildBinary(), await temporaryDirectory()]
  const storage = ['--storage-driver', 'vfs', '--root', join(directory, 'root'), '--runroot', join(directory, 'run')]
  const podman = (...args: string[]) =>
    runTool('podman', [...storage, '--tmpdir', join(directory, 'tmp'), ...args], { cwd: ROOT })
  const { path } = await BareRoot.create(program)
  await runTool('tar', ['-C', path, '--exclude', './nodeseed*', '-cf', join(directory, 'base.tar'), '.'])
  const trust = ['--signature-policy', join(directory, 'policy.json')]
  await writeFile(join(directory, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
  await podman('import', ...trust, join(directory, 'base.tar'), 'localhost/base')
  const flags = ['--build-arg', 'BASE=localhost/base', '--build-arg', `ARCH=${process.arch}`, '--pull-never']
  await podman('build', ...trust, '--file', 'Containerfile', ...flags, '--tag', 'nodeseed', '.')
  const { stdout: shown } = await podman(
    'image',
    'inspect',
    '--format',
    '{{.Config.Entrypoint}} {{.Config.WorkingDir}}',
    'nodeseed',
  )
  expect(shown.trim()).toBe('[/usr/bin/nodeseed] /work')
  const { stdout: mounted } = await podman('image', 'mount', 'nodeseed')
  const { stdout } = await run('/usr/sbin/chroot', [mounted.trim(), '/usr/bin/nodeseed', '--version'])
  expect(stdout).toMatch(/^nodeseed\//)
})

testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })(
  'the generated deployment serves a bundle from the sandbox image alone',
  async () => {
    const directory = await temporaryDirectory()
    const [bundle, program] = [join(directory, 'bundle'), join(directory, 'program')]
    await mkdir(bundle, { mode: 0o755 })
    await mkdir(program)
    await chmod(program, 0o777)
    const [, machine = ''] = thisPlatform().split('/')
    const architecture = machine as ToolArchitecture
    const content = gzipSync(await readFile(await buildBinary()), { level: 1 })
    const carried = { name: toolFile(architecture), content }
    const lock = await writeBundleOf(await demoContent(), join(bundle, 'shop.tar'), { extraFiles: [carried] })
    const containerd = await startContainerd()
    await importPauseImage(containerd, directory)

    const { spec } = deployment({ ...IN_CLUSTER, sandboxImage: PAUSE_IMAGE, architecture })
    const { initContainers: [unpack] = [], containers: [serve] = [], volumes = [] } = spec?.template.spec ?? {}
    const toCri = (container: Container) => criContainer(container, volumes, { bundle, program })
    const unpacked = await containerd.cri.runPod('unpack', toCri(unpack!))
    expect(unpacked.exitCode, unpacked.log).toBe(0)

    const port = await freePort()
    const args = serve!.args!.map((arg) => (arg === ':5000' ? `127.0.0.1:${port}` : arg))
    const served = containerd.cri.runPod('serve', toCri({ ...serve!, args }))
    const image = lock.images[0]!
    const url = `http://127.0.0.1:${port}/v2/${image.reference.replace(':', '/manifests/')}`
    const ended = served.then(({ log }) => Promise.reject(new Error(`it ended: ${log}`)))
    const answer = vi.waitFor(async () => (await fetch(url)).status, { timeout: 300_000, interval: 100 })
    const status = await Promise.race([answer, ended])
    ended.catch(() => {}) // later it may well end
    expect(status).toBe(200)
    const tasks = (await containerd.ctr('tasks', 'list', '-q')).split('\n').filter(Boolean)
    await Promise.all(tasks.map((task) => containerd.ctr('tasks', 'kill', '--signal', 'SIGTERM', task)))
    const { exitCode, log } = await served
    expect(exitCode, log).toBe(0)
    expect(log).toContain('5 repositories of registry.example.com')
  },
)

const IN_CLUSTER = {
  namespace: 'nodeseed',
  bundlePath: '/var/lib/nodeseed/shop.tar',
  claim: undefined,
  replicas: 1,
  nodePort: 30500,
}

/** What the kubelet makes of a container: its mounts, user and read-only root. */
function criContainer(
  { image = '', command = [], args = [], env = [], volumeMounts = [], securityContext = {} }: Container,
  volumes: Volume[],
  directories: Readonly<Record<string, string>>,
): CriContainer {
  const paths = new Map(volumes.map(({ name, hostPath }) => [name, directories[name] ?? hostPath?.path ?? '']))
  return {
    image,
    command,
    args,
    envs: env.map(({ name, value = '' }) => ({ key: name, value })),
    mounts: volumeMounts.map(({ name, mountPath, readOnly = false }) => ({
      hostPath: paths.get(name) ?? '',
      containerPath: mountPath,
      readonly: readOnly,
    })),
    runAsUser: securityContext.runAsUser,
    runAsGroup: securityContext.runAsGroup,
    dropCapabilities: securityContext.capabilities?.drop ?? [],
    readonlyRootfs: securityContext.readOnlyRootFilesystem ?? false,
  }
}

/** The scratch image that every node has: one program that waits, and no shell. */
async function importPauseImage(containerd: Containerd, directory: string): Promise<void> {
  const blobs: Blobs = new Map()
  const layer = await makeLayer(blobs, { busybox: await readFile(tool('busybox')) })
  const pause = makeImage(blobs, [layer], { platform: thisPlatform(), command: ['/busybox', 'sleep', '600'] })
  const file = join(directory, 'pause.tar')
  await writeTestBundle(file, [lockImage('registry.k8s.io/pause', '3.9', pause.manifest, [pause])], blobs)
  await containerd.ctr('images', 'import', file)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
