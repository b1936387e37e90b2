import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { LockedImage } from '../../src/inventory.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { runTool, testWith, tool } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT, reach, runNodeScript } from '../support/node-script.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })

testWith(['shellcheck'])('shellcheck has nothing to say about the script', async () => {
  await runTool('shellcheck', ['--shell=sh', NODE_SCRIPT])
})

withContainerd('a seeded node has every image by tag, by digest, and by both, pinned, and able to start', async () => {
  const { file, images } = await shop()
  const containerd = await startContainerd()

  const run = await runNodeScript([...reach(containerd), file])
  expect(run).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0, platform: thisPlatform() } })

  for (const { names, target } of images) {
    const [repository] = names.at(-1)?.split('@') ?? []
    const forms = [...names, `${repository}:any-tag@${target.digest}`]
    for (const form of forms) expect(await containerd.cri.imageStatus(form), form).toBeDefined()
  }
  expect(await containerd.cri.imageStatus(`docker.io/library/web@sha256:${'0'.repeat(64)}`)).toBeUndefined()
  const listed = await containerd.ctr('images', 'ls')
  for (const name of images.flatMap(({ names }) => names)) {
    expect(listed.split('\n').find((line) => line.startsWith(`${name} `))).toContain('io.cri-containerd.pinned=pinned')
  }
  const output = await containerd.ctr('run', '--rm', '--snapshotter', 'overlayfs', 'docker.io/library/web:1', 'web-1')
  expect(output).toBe('web starts\n')

  const again = await runNodeScript([...reach(containerd), file])
  expect(again).toMatchObject({ code: 0, report: { result: 'unchanged', imported: 0, pinned: 0 } })
  expect(await containerd.ctr('images', 'ls')).toBe(listed)
})

/** A bundle with an index that lists more than it holds, a single manifest, and an image for another platform. */
async function shop(): Promise<{ file: string; images: LockedImage[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-shop-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const blobs: Blobs = new Map()
  const base = await makeLayer(blobs, { 'bin/busybox': await readFile(tool('busybox')) })
  const command = ['/bin/busybox', 'echo', 'web starts']
  const platform = thisPlatform()
  const web = makeImage(blobs, [base, await makeLayer(blobs, { 'etc/web': 'web' })], { platform, command })
  const job = makeImage(blobs, [base, await makeLayer(blobs, { 'etc/job': 'job' })], { platform, docker: true })
  const other = makeImage(blobs, [await makeLayer(blobs, { 'etc/other': 'other' })], { platform: 'linux/s390x' })
  const images = [
    lockImage('docker.io/library/web', '1', makeIndex(blobs, [web], ['linux/386', 'linux/arm/v7']), [web]),
    lockImage('registry.example:5000/team/job', '2.0', job.manifest, [job]),
  ]
  const file = join(directory, 'shop.tar')
  await writeTestBundle(file, [...images, lockImage('docker.io/library/other', '1', other.manifest, [other])], blobs)
  return { file, images }
}
