import { randomBytes } from 'node:crypto'
import { access, chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { renderNames } from '../../src/bundle/format/node-files.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { BundleContent } from '../../src/server/registry/bundle-content.ts'
import { startServer } from '../server/running-server.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Containerd, startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { reach, runNodeScript, startNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testImages, writeShop } from '../support/test-images.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })
const platform = thisPlatform()

/** An image of one layer, named `registry.example/<name>:1`. */
async function oneLayer(blobs: Blobs, name: string, content: Buffer | string = name): Promise<LockedImage> {
  const part = makeImage(blobs, [await makeLayer(blobs, { [`etc/${name}`]: content })], { platform })
  return lockImage(`registry.example/${name}`, '1', part.manifest, [part])
}

async function namesIn({ ctr }: Containerd): Promise<string[]> {
  return (await ctr('images', 'ls', '--quiet')).split('\n').filter((name) => name && !name.startsWith('sha256:'))
}

function namesOf(images: readonly LockedImage[]): string[] {
  return images.flatMap(({ names }) => names).sort()
}

withContainerd('a delta over a base is imported; without the base it is refused, and says why', async () => {
  const directory = await temporaryDirectory()
  const { images, blobs } = await testImages()
  const [base, delta] = ['base.tar', 'delta.tar'].map((name) => join(directory, name)) as [string, string]
  await writeTestBundle(base, images.slice(0, 1), blobs)
  const known = new Set(blobs.keys())
  const app = await oneLayer(blobs, 'app')
  await writeTestBundle(delta, [...images, app], blobs, { leaveOut: new Set([...known].slice(0, 1)) })

  const containerd = await startContainerd()
  const alone = await runNodeScript([...reach(containerd), delta])
  expect(alone).toMatchObject({ code: 2, report: { message: expect.stringContaining('it is a delta') } })
  expect(await runNodeScript([...reach(containerd), base])).toMatchObject({ code: 0 })
  const over = await runNodeScript([...reach(containerd), delta])
  expect(over).toMatchObject({ code: 0, report: { result: 'seeded', names: 6, imported: 4 } })
  for (const name of namesOf([...images, app])) expect(await containerd.cri.imageStatus(name), name).toBeDefined()
})

withContainerd('--prune lets go what only an older bundle of the set brought, and nothing else', async () => {
  const directory = await temporaryDirectory()
  const blobs: Blobs = new Map()
  const [kept, old, shared] = await Promise.all(['kept', 'old', 'shared'].map((name) => oneLayer(blobs, name)))
  const files = ['one.tar', 'other.tar', 'two.tar'].map((name) => join(directory, name)) as [string, string, string]
  await writeTestBundle(files[0], [kept!, old!, shared!], blobs)
  await writeTestBundle(files[1], [shared!], blobs)
  await writeTestBundle(files[2], [kept!], blobs)
  const containerd = await startContainerd()
  await containerd.ctr('images', 'import', '--platform', platform, files[1])
  const seed = (set: string, file: string, ...more: string[]) =>
    runNodeScript([...reach(containerd), '--set-name', set, ...more, file])
  await seed('shop', files[0])
  await seed('tools', files[1])
  expect(await namesIn(containerd)).toEqual(namesOf([kept!, old!, shared!]))

  expect(await seed('shop', files[2], '--prune')).toMatchObject({ code: 0, report: { result: 'seeded', pruned: 4 } })
  expect(await namesIn(containerd)).toEqual(namesOf([kept!, shared!]))
  expect(await containerd.cri.imageStatus(old!.names[0] ?? '')).toBeUndefined()
  const records = await containerd.ctr('images', 'ls')
  expect(records).not.toContain(old!.target.digest)
  const line = records.split('\n').find((text) => text.startsWith(`${shared!.names[0]} `))
  expect(line).toContain('nodeseed.dev/tools=')
  expect(line).not.toContain('nodeseed.dev/shop=')
  expect(line).toContain('io.cri-containerd.pinned=pinned')
  expect(await seed('shop', files[2], '--prune')).toMatchObject({ code: 0, report: { result: 'unchanged', pruned: 0 } })
})

withContainerd('an import that was cut off is finished by the next run', async () => {
  const directory = await temporaryDirectory()
  const blobs: Blobs = new Map()
  const images = await Promise.all(
    ['first', 'second', 'third'].map((name) => oneLayer(blobs, name, randomBytes(20_000_000))),
  )
  const file = join(directory, 'large.tar')
  await writeTestBundle(file, images, blobs)
  const containerd = await startContainerd()
  const first = startNodeScript([...reach(containerd), file])
  await expect.poll(() => containerd.ctr('content', 'active'), { timeout: 300_000 }).toMatch(/sha256/)
  expect(await first.stop()).toBe(143)
  await sleep(200)
  const gap = await runNodeScript([...reach(containerd), '--check', file])
  expect(gap.code).toBe(4)
  expect(await runNodeScript([...reach(containerd), file])).toMatchObject({ code: 0, report: { result: 'seeded' } })
  for (const name of namesOf(images)) expect(await containerd.cri.imageStatus(name), name).toBeDefined()
})

withContainerd('--from-registry pulls what is missing, layer by layer, under the names of the bundle', async () => {
  const directory = await temporaryDirectory()
  const { images, blobs } = await testImages()
  const path = join(directory, 'shop.tar')
  const lock = await writeTestBundle(path, images, blobs)
  const bundle = await openBundle(path)
  onTestFinished(() => bundle.close())
  const address = await startServer(new BundleContent([bundle]))
  const list = join(directory, 'names.txt')
  await writeFile(list, renderNames(lock))

  const containerd = await startContainerd()
  const pull = ['--names', list, '--expect-set', seedSetDigest(lock), '--from-registry', `http://${address}`]
  const run = await runNodeScript([...reach(containerd), ...pull])
  expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded', names: 4 } })
  for (const name of namesOf(images)) expect(await containerd.cri.imageStatus(name), name).toBeDefined()
  expect(await runNodeScript([...reach(containerd), ...pull])).toMatchObject({ report: { result: 'unchanged' } })
})

withContainerd('--names takes some of the images of a bundle, and leaves the others', async () => {
  const directory = await temporaryDirectory()
  const { images, blobs } = await testImages()
  const bundle = join(directory, 'shop.tar')
  await writeTestBundle(bundle, images, blobs)
  const list = join(directory, 'names.txt')
  await writeFile(list, renderNames({ version: 1, images: images.slice(1) }))
  const containerd = await startContainerd()
  const run = await runNodeScript([...reach(containerd), '--names', list, bundle])
  expect(run).toMatchObject({ code: 0, report: { names: 2 } })
  expect(await namesIn(containerd)).toEqual(namesOf(images.slice(1)))
})

withContainerd('a containerd that has no overlayfs unpacks for what it has', async () => {
  const { file, images } = await writeShop()
  const containerd = await startContainerd({ overlayfs: false })
  const run = await runNodeScript([...reach(containerd), file])
  expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
  const unpacked = await containerd.ctr('images', 'check', '--quiet', '--snapshotter', 'native')
  expect(unpacked.split('\n')).toEqual(expect.arrayContaining(namesOf(images)))
})

test('what a run that was killed left behind says nothing is ready before a look has', async () => {
  const directory = await temporaryDirectory()
  const [ready, seen, docker] = ['ready', 'seen', 'docker'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(ready, '')
  await writeFile(docker, `#!/bin/sh\n[ ! -e '${ready}' ] || : >'${seen}'\nexit 1\n`)
  await chmod(docker, 0o755)
  const { file } = await writeShop()
  const run = await runNodeScript(['--method', 'docker', '--ctr', docker, '--ready', ready, file])
  expect(run, run.stderr).toMatchObject({ code: 3 })
  await expect(access(seen)).rejects.toThrow('ENOENT')
})
