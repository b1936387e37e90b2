import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
import { partName } from '../../src/layout/files/part-name.ts'
import { namesOf } from '../../src/layout/files/parted-file.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

function blob(mediaType: string, content: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(content), size: content.length }
}

function sampleImage() {
  const layer = Buffer.alloc(3_000_000, 'layer')
  const config = Buffer.from('{"os":"linux","architecture":"amd64"}')
  const layers = [blob(OCI_LAYER_GZIP, layer)]
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config: blob(OCI_CONFIG, config), layers }))
  const target = blob(OCI_MANIFEST, manifest)
  const platform = { os: 'linux', architecture: 'amd64' }
  const names = ['docker.io/library/web:1', `docker.io/library/web@${target.digest}`]
  const platforms = [{ platform, manifest: target, config: blob(OCI_CONFIG, config), layers }]
  const lock: Lock = { version: 1, images: [{ reference: 'docker.io/library/web:1', names, target, platforms }] }
  return { lock, contents: [manifest, config, layer] }
}

interface Manner {
  readonly order?: 'forward' | 'backward'
  readonly partSize?: number
}

function createSample(path: string, partSize?: number): Promise<BundleWriter> {
  const plan = planBundle(sampleImage().lock, [{ name: 'nodeseed/seed.sh', content: '#!/bin/sh\n' }])
  return BundleWriter.create(path, plan, { partSize })
}

async function writeSample(path: string, { order = 'forward', partSize }: Manner = {}): Promise<void> {
  const { contents } = sampleImage()
  const writer = await createSample(path, partSize)
  for (const content of order === 'forward' ? contents : contents.toReversed()) {
    const target = writer.blob(digestOf(content))
    for (let at = 0; at < content.length; at += 65536) await target.write(content.subarray(at, at + 65536))
    await target.end()
  }
  await writer.commit()
}

test('a bundle gives back every blob and file that went in', async () => {
  const path = join(await temporaryDirectory(), 'b.tar')
  await writeSample(path)
  const bundle = await openBundle(path)
  onTestFinished(() => bundle.close())
  const { lock, contents } = sampleImage()
  expect(bundle.lock).toEqual(lock)
  expect((await bundle.readFile('nodeseed/seed.sh'))?.toString()).toBe('#!/bin/sh\n')
  for (const content of contents) {
    expect(Buffer.concat(await Array.fromAsync(bundle.openBlob(digestOf(content)))).equals(content)).toBe(true)
  }
  const range = Buffer.concat(
    await Array.fromAsync(bundle.openBlob(digestOf(contents[2]!), { start: 7, end: 2_000_000 })),
  )
  expect(range.equals(contents[2]!.subarray(7, 2_000_000))).toBe(true)
})

test('the order of arrival changes no byte', async () => {
  const directory = await temporaryDirectory()
  await writeSample(join(directory, 'a.tar'))
  await writeSample(join(directory, 'b.tar'), { order: 'backward' })
  expect((await readFile(join(directory, 'a.tar'))).equals(await readFile(join(directory, 'b.tar')))).toBe(true)
})

test('a bundle that is cut off says so', async () => {
  const path = join(await temporaryDirectory(), 'b.tar')
  await writeSample(path)
  const bytes = await readFile(path)
  await writeFile(path, bytes.subarray(0, bytes.length / 2))
  await expect(openBundle(path)).rejects.toMatchObject({
    code: 'BUNDLE_INVALID',
    message: expect.stringMatching(/ends after \d+ bytes/),
  })
})

test('a bundle of an earlier form is told from a copy that is cut off', async () => {
  const path = join(await temporaryDirectory(), 'b.tar')
  await writeSample(path)
  const bytes = await readFile(path)
  bytes.write('dev.nodeseed.bundle-older', bytes.indexOf('dev.nodeseed.bundle-frame'))
  await writeFile(path, bytes.subarray(0, bytes.length - 1024))
  await expect(openBundle(path)).rejects.toMatchObject({
    code: 'BUNDLE_INVALID',
    message: expect.stringContaining('an earlier nodeseed made it'),
  })
})

/** A bundle in parts of which some has arrived, by a run that was killed while it moved or removed some of these. */
async function killedInParts(gone: readonly number[]): Promise<string> {
  const path = join(await temporaryDirectory(), 'b.tar')
  const writer = await createSample(path, 1_000_000)
  const layer = sampleImage().contents.at(-1)!
  await writer.blob(digestOf(layer)).write(layer.subarray(0, 2_500_000))
  await writer.leave()
  for (const index of gone) await rm(partName(writer.partial, index))
  return path
}

test.for([[[0]], [[1]], [[3]], [[0, 1]], [[0, 2]], [[0, 1, 2]]])(
  'parts %o of a killed run are gone: the next one writes all of them anew',
  async ([gone]) => {
    const path = await killedInParts(gone!)
    await writeSample(path, { partSize: 1_000_000 })
    expect(await readdir(dirname(path))).toEqual(namesOf('b.tar', { size: 3_500_000, partSize: 1_000_000 }))
  },
)

test('a bundle that is there takes away what a killed run left of its parts', async () => {
  const path = await killedInParts([0])
  await BundleWriter.tidy(path)
  expect(await readdir(dirname(path))).toEqual([])
})

test('a part of somebody else is in the way: what was made before it is gone, and it stays', async () => {
  const path = join(await temporaryDirectory(), 'b.tar')
  const foreign = partName(`${path}.partial`, 2)
  await writeFile(foreign, 'mine')
  await expect(writeSample(path, { partSize: 1_000_000 })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  expect(await readdir(dirname(path))).toEqual(['b.tar.partial.part003'])
  expect(await readFile(foreign, 'utf8')).toBe('mine')
})
