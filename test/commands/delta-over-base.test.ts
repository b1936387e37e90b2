import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { reach } from '../support/node-script.ts'
import { copyWithSkopeo } from '../support/skopeo.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testImages } from '../support/test-images.ts'

/** `base.tar` with the first of two images that share a layer, and `delta.tar` with both, made since it. */
async function deltaOverBase(): Promise<{ base: string; delta: string; directory: string; images: LockedImage[] }> {
  const directory = await temporaryDirectory()
  const [base, delta] = [join(directory, 'base.tar'), join(directory, 'delta.tar')]
  const { images, blobs } = await testImages()
  await writeTestBundle(base, images.slice(0, 1), blobs)
  const held = images.slice(0, 1).flatMap(({ platforms }) => platforms.flatMap(({ layers }) => layers))
  await writeTestBundle(delta, images, blobs, { without: new Set(held.map(({ digest }) => digest)) })
  return { base, delta, directory, images }
}

testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })(
  'load takes a delta with its base into a runtime that has neither',
  async () => {
    const { base, delta, images } = await deltaOverBase()
    const containerd = await startContainerd()
    const alone = await runCli(['load', delta, ...reach(containerd)])
    expect(alone.exitCode).toBe(2)
    expect(alone.stderr).toContain('it is a delta (seed its base first) or damaged')
    const both = await runCli(['load', delta, '--base', base, ...reach(containerd)])
    expect(both.exitCode, both.stderr).toBe(0)
    for (const name of images.flatMap(({ names }) => names)) {
      expect(await containerd.cri.imageStatus(name), name).toBeDefined()
    }
  },
)

testWith(['docker-registry', 'skopeo', 'busybox'])(
  'push takes a delta with its base into an empty registry',
  async () => {
    const { base, delta, directory, images } = await deltaOverBase()
    await mkdir(join(directory, 'registry'))
    const registry = await startDockerRegistry(join(directory, 'registry'))
    onTestFinished(() => registry.stop())
    const args = ['push', delta, registry.host, '--sparse-index', 'reduce']
    const alone = await runCli(args)
    expect(alone.exitCode).toBe(3)
    expect(alone.stderr).toContain('name the bundle that it builds on with --base FILE')
    const both = await runCli([...args, '--base', base])
    expect(both.exitCode, both.stderr).toBe(0)
    expect(images).toHaveLength(2)
    await copyWithSkopeo(`${registry.host}/team/job:2.0`, join(directory, 'copy'))
  },
)

test('a base that has not what the delta needs is refused, and says how much that is', async () => {
  const { delta, directory } = await deltaOverBase()
  const empty = join(directory, 'empty.tar')
  await writeTestBundle(empty, [], new Map())
  const { exitCode, stderr } = await runCli(['push', delta, '127.0.0.1:9', '--base', empty])
  expect(stderr).toMatch(/delta\.tar needs 2 blobs with [\d.]+ [kM]?B that none of its bases has/)
  expect(exitCode).toBe(2)
})

testWith(['docker-registry', 'skopeo', 'busybox'])(
  'push takes an OCI image layout, as a directory and as a tar',
  async () => {
    const { directory, images } = await deltaOverBase()
    await mkdir(join(directory, 'registry'))
    const registry = await startDockerRegistry(join(directory, 'registry'))
    onTestFinished(() => registry.stop())
    const { blobs, images: whole } = await testImages()
    await writeTestBundle(join(directory, 'whole.tar'), whole.slice(1), blobs)
    await mkdir(join(directory, 'layout'))
    await promisify(execFile)('tar', ['-xf', join(directory, 'whole.tar'), '-C', join(directory, 'layout')])
    const pushed = await runCli(['push', join(directory, 'layout'), registry.host])
    expect(pushed.exitCode, pushed.stderr).toBe(0)
    await copyWithSkopeo(`${registry.host}/team/job:2.0`, join(directory, 'copy'))
    const archive = join(directory, 'archive.tar')
    await promisify(execFile)('tar', [
      '-cf',
      archive,
      '-C',
      join(directory, 'layout'),
      'blobs',
      'index.json',
      'oci-layout',
    ])
    const again = await runCli(['push', archive, registry.host])
    expect(again.exitCode, again.stderr).toBe(0)
    expect(again.stdout).toContain('(was there)')
    expect(images).toHaveLength(2)
    const key = await runCli(['push', join(directory, 'layout'), registry.host, '--key', 'any.pub'])
    expect(key).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('not a bundle, and --key checks') })
  },
)

test('diff compares a bundle with the layout that it is once it is unpacked: nothing changed', async () => {
  const { base, directory } = await deltaOverBase()
  await mkdir(join(directory, 'layout'))
  await promisify(execFile)('tar', ['-xf', base, '-C', join(directory, 'layout')])
  const { exitCode, stdout, stderr } = await runCli(['diff', base, join(directory, 'layout'), '--json'])
  expect(exitCode, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ added: [], removed: [], moved: [], addedBytes: 0, removedBytes: 0 })
})
