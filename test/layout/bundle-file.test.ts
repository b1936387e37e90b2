import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
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

async function writeSample(path: string, order: 'forward' | 'backward' = 'forward'): Promise<void> {
  const { lock, contents } = sampleImage()
  const writer = await BundleWriter.create(
    path,
    planBundle(lock, [{ name: 'nodeseed/seed.sh', content: '#!/bin/sh\n' }]),
  )
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
  await writeSample(join(directory, 'a.tar'), 'forward')
  await writeSample(join(directory, 'b.tar'), 'backward')
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
