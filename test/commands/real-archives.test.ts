import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { openContent } from '../../src/layout/open-content.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { archiveOf, haulerFiles, imgpkgFiles, layoutFiles, zarfEntries } from '../support/archive-maker.ts'
import { runCli } from '../support/cli.ts'
import { type Containerd, startContainerd } from '../support/containerd.ts'
import { runTool, testWith, tool, toolEnvironment } from '../support/debian.ts'
import { startDocker } from '../support/dockerd.ts'
import type { Blobs } from '../support/image-maker.ts'
import { skopeo } from '../support/images.ts'
import { reach } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const run = promisify(execFile)
const [WEB, AGENT] = ['registry.example.com/shop/web:1.4', 'registry.example.com/edge/agent:3.1']

async function demoBundle() {
  const file = join(await temporaryDirectory(), 'demo.tar')
  return { file, directory: dirname(file), lock: await writeBundleOf(await demoContent(), file) }
}

/** Loads an archive into a containerd, where every name must then lead to its image, and audits pods that ask for them. */
async function isSeeded(containerd: Containerd, archive: string, names: readonly string[]): Promise<void> {
  for (const name of names) await containerd.ctr('images', 'remove', '--sync', name).catch(() => {})
  const loaded = await runCli(['load', archive, ...reach(containerd)])
  expect(loaded.exitCode, `${archive}: ${loaded.stderr}`).toBe(0)
  for (const name of names) expect(await containerd.cri.imageStatus(name), `${archive}: ${name}`).toBeDefined()
  const pods = join(await temporaryDirectory(), 'pods.yaml')
  await writeFile(
    pods,
    names
      .map((image, at) =>
        JSON.stringify({
          ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${at}` } },
          spec: {
            containers: [{ name: 'c', image, imagePullPolicy: 'Never' }],
            nodeSelector: { 'kubernetes.io/arch': 'amd64' },
          },
        }),
      )
      .join('\n---\n'),
  )
  const audited = await runCli([
    'audit',
    pods,
    '--nodes',
    'examples/audit/nodes.json',
    '--bundle',
    archive,
    '--assume-seeded',
    '--json',
  ])
  const { workloads } = JSON.parse(audited.stdout) as { workloads: { verdict: string }[] }
  expect(
    workloads.map(({ verdict }) => verdict),
    archive,
  ).not.toContain('impossible')
}

testWith(['containerd', 'ctr', 'runc', 'skopeo'], { root: true })(
  'what skopeo copies, and ctr exports, is read and seeded',
  async () => {
    const { file, directory } = await demoBundle()
    const containerd = await startContainerd()
    const layout = join(directory, 'layout')
    await mkdir(layout)
    await run('tar', ['-xf', file, '-C', layout])
    const at = (name: string) => join(directory, name)
    const source = `oci:${layout}:${WEB}`
    await skopeo(['copy', source, `docker-archive:${at('skopeo-docker.tar')}:${WEB}`])
    await skopeo(['copy', source, `oci-archive:${at('skopeo-oci.tar')}:${WEB}`])
    await skopeo(['copy', '--all', source, `oci:${at('skopeo-oci')}:${WEB}`])
    await skopeo(['copy', '--format', 'v2s2', source, `oci-archive:${at('skopeo-v2s2.tar')}:${WEB}`])
    for (const name of ['skopeo-docker.tar', 'skopeo-oci.tar', 'skopeo-oci', 'skopeo-v2s2.tar'])
      await isSeeded(containerd, at(name), [WEB])

    expect(await runCli(['load', file, ...reach(containerd)])).toMatchObject({ exitCode: 0 })
    await containerd.ctr('images', 'export', at('ctr.tar'), WEB, AGENT)
    await isSeeded(containerd, at('ctr.tar'), [WEB, AGENT])
    const env = { CONTAINERD_ADDRESS: containerd.socket, ...pathTo(tool('ctr')) }
    const bundled = await runCli(['bundle', '--from', `containerd:${AGENT}`, '--offline', '-o', at('from.tar')], {
      env,
    })
    expect(bundled.exitCode, bundled.stderr).toBe(0)
    await isSeeded(containerd, at('from.tar'), [AGENT])
  },
)

testWith(['containerd', 'ctr', 'runc', 'docker', 'dockerd'], { root: true })(
  'what docker saves, also compressed as for k3s and RKE2, is read and seeded',
  async () => {
    const { file, directory } = await demoBundle()
    const [containerd, docker] = [await startContainerd(), await startDocker()]
    expect(await runCli(['load', file, '--method', 'docker', '--ctr', docker.program])).toMatchObject({ exitCode: 0 })
    await docker.docker('tag', AGENT, 'app:local')
    const saved = join(directory, 'docker.tar')
    await docker.docker('save', '-o', saved, WEB, AGENT, 'app:local')
    const bytes = await readFile(saved)
    await writeFile(`${saved}.gz`, gzipSync(bytes))
    await writeFile(`${saved}.zst`, zstdCompressSync(bytes))
    for (const name of [saved, `${saved}.gz`, `${saved}.zst`])
      await isSeeded(containerd, name, [WEB, AGENT, 'docker.io/library/app:local'])

    const pod = join(directory, 'pod.yaml')
    const spec = { containers: [{ name: 'c', image: 'app:local', imagePullPolicy: 'Never' }] }
    await writeFile(pod, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec }))
    for (const place of ['docker-daemon:app:local', 'docker-daemon:']) {
      const out = join(directory, `${place.length}.tar`)
      const bundled = await runCli(['bundle', pod, '--from', place, '--offline', '-o', out], {
        env: pathTo(docker.program),
      })
      expect(bundled.exitCode, bundled.stderr).toBe(0)
      await isSeeded(containerd, out, ['docker.io/library/app:local'])
    }
    const missing = await runCli(['bundle', '--from', 'docker-daemon:none:1', '-o', join(directory, 'none.tar')], {
      env: pathTo(docker.program),
    })
    expect(missing).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('docker-daemon:none:1: docker has no such image'),
    })
  },
)

testWith(['containerd', 'ctr', 'runc', 'podman'], { root: true })(
  'what podman saves is read and seeded, under the name that pods ask for',
  async () => {
    const { file, directory } = await demoBundle()
    const containerd = await startContainerd()
    const env = await ownStorage(directory)
    expect(await runCli(['load', file, '--method', 'podman', '--ctr', tool('podman')], { env })).toMatchObject({
      exitCode: 0,
    })
    const podman = (...args: string[]) => runTool('podman', args, { env })
    const at = (name: string) => join(directory, name)
    await podman('save', '--format', 'docker-archive', '-m', '-o', at('podman-docker.tar'), WEB, AGENT)
    await isSeeded(containerd, at('podman-docker.tar'), [WEB, AGENT])
    await podman('save', '--format', 'oci-archive', '-o', at('podman-oci.tar'), WEB)
    await isSeeded(containerd, at('podman-oci.tar'), [WEB])
    await podman('tag', AGENT, 'localhost/app:local')
    const bundled = await runCli(
      ['bundle', '--image', 'app:local', '--from', 'containers-storage:', '--offline', '-o', at('from.tar')],
      { env },
    )
    expect(bundled.exitCode, bundled.stderr).toBe(0)
    await isSeeded(containerd, at('from.tar'), ['docker.io/library/app:local'])
  },
)

testWith(['containerd', 'ctr', 'runc'], { root: true })(
  'what hauler, zarf and imgpkg write, made to their form, is read and seeded',
  async () => {
    const { file, directory, lock } = await demoBundle()
    const containerd = await startContainerd()
    const blobs: Blobs = new Map()
    const content = await openContent(file)
    for (const digest of content.blobs.keys())
      blobs.set(digest, Buffer.concat(await Array.fromAsync(content.openBlob(digest), (chunk) => Buffer.from(chunk))))
    await content.close()
    const archives = {
      'haul.tar.zst': zstdCompressSync(await archiveOf(haulerFiles(lock.images, blobs))),
      'zarf-package-shop-amd64.tar.zst': zstdCompressSync(
        await archiveOf([
          [{ name: 'zarf.yaml' }, 'kind: x'],
          ...layoutFiles(zarfEntries(lock.images), blobs, 'images/'),
        ]),
      ),
      'imgpkg.tar': await archiveOf(imgpkgFiles(lock.images, blobs)),
    }
    for (const [name, bytes] of Object.entries(archives)) {
      await writeFile(join(directory, name), bytes)
      await isSeeded(containerd, join(directory, name), [WEB, AGENT])
    }
  },
)

/** Where a program is found before any other of its name. */
function pathTo(program: string): Record<string, string> {
  const { PATH = '', LD_LIBRARY_PATH = '' } = toolEnvironment()
  return { PATH: `${dirname(program)}:${PATH}`, LD_LIBRARY_PATH }
}

/** Environment in which podman keeps images in a directory of the test's own. */
async function ownStorage(directory: string): Promise<Record<string, string>> {
  const file = join(directory, 'storage.conf')
  await writeFile(file, `[storage]\ndriver = "vfs"\ngraphroot = "${directory}/graph"\nrunroot = "${directory}/run"\n`)
  // Which images it trusts: a machine that has only the unpacked package lacks that file.
  await mkdir(join(directory, '.config/containers'), { recursive: true })
  await writeFile(join(directory, '.config/containers/policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
  return { HOME: directory, CONTAINERS_STORAGE_CONF: file, ...pathTo(tool('podman')) }
}
