import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { reach, runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A bundle of one image whose index lists an index, which lists the image. */
async function nestedBundle(): Promise<{ file: string; image: LockedImage }> {
  const blobs: Blobs = new Map()
  const app = makeImage(blobs, [await makeLayer(blobs, { 'etc/app': 'app' })], { platform: thisPlatform() })
  const inner = makeIndex(blobs, [app])
  const outer = makeIndex(blobs, [{ ...app, manifest: inner }])
  const image = { ...lockImage('registry.example/team/app', '1', outer, [app]), indexes: [inner] }
  const file = join(await temporaryDirectory(), 'nested.tar')
  await writeTestBundle(file, [image], blobs)
  return { file, image }
}

test('an index inside an index: the image cache of Talos serves each of the three by its digest', async () => {
  const { file, image } = await nestedBundle()
  const root = await temporaryDirectory()
  const seeded = await runNodeScript(['--method', 'talos', '--root', root, file])
  expect(seeded, seeded.stderr).toMatchObject({ code: 0 })
  for (const { digest } of [image.target, ...image.indexes!, image.platforms[0]!.manifest]) {
    const path = join(root, 'manifests/registry.example/team/app/digest', digest.replace(':', '-'))
    expect(digestOf(await readFile(path))).toBe(digest)
  }
})

testWith(['containerd', 'ctr', 'runc'], { root: true })('an index inside an index: containerd finds it', async () => {
  const { file, image } = await nestedBundle()
  const containerd = await startContainerd()
  const seeded = await runNodeScript([...reach(containerd), file])
  expect(seeded, seeded.stderr).toMatchObject({ code: 0 })
  for (const name of image.names) expect(await containerd.cri.imageStatus(name)).toBeDefined()
})

testWith(['skopeo'])(
  'an index inside an index: containers-storage cannot hold it, and the script says so',
  async () => {
    const { file, image } = await nestedBundle()
    const root = await temporaryDirectory()
    await mkdir(join(root, 'graph'))
    const config = join(root, 'storage.conf')
    await writeFile(config, `[storage]\ndriver = "vfs"\ngraphroot = "${root}/graph"\nrunroot = "${root}/run"\n`)
    const env = { CONTAINERS_STORAGE_CONF: config }
    const seeded = await runNodeScript(['--method', 'cri-o', '--root', root, file], { env })
    expect(seeded).toMatchObject({ code: 4, report: { result: 'gap', missing: image.names } })
    expect(seeded.stderr).toContain(`cannot store ${image.names[0]}: an index inside an index`)
    expect(seeded.stderr).toContain(`cannot store ${image.names.length - 1} more for the same reason`)
  },
)
