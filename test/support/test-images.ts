import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { writeTestBundle } from './bundle-maker.ts'
import { tool } from './debian.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer, thisPlatform } from './image-maker.ts'
import { temporaryDirectory } from './temporary.ts'

/** A bundle of the shop and of an image for another platform. */
export async function writeShop(): Promise<{ file: string; images: LockedImage[] }> {
  const { images, blobs } = await testImages()
  const other = makeImage(blobs, [await makeLayer(blobs, { 'etc/other': 'other' })], { platform: 'linux/s390x' })
  const file = join(await temporaryDirectory(), 'shop.tar')
  await writeTestBundle(file, [...images, lockImage('docker.io/library/other', '1', other.manifest, [other])], blobs)
  return { file, images }
}

/** An index that lists more platforms than are there, and a docker manifest; both share a layer. */
export async function testImages(): Promise<{ images: LockedImage[]; blobs: Blobs }> {
  const blobs: Blobs = new Map()
  const base = await makeLayer(blobs, { 'bin/busybox': await readFile(tool('busybox')) })
  const command = ['/bin/busybox', 'echo', 'web starts']
  const platform = thisPlatform()
  const web = makeImage(blobs, [base, await makeLayer(blobs, { 'etc/web': 'web' })], { platform, command })
  const job = makeImage(blobs, [base, await makeLayer(blobs, { 'etc/job': 'job' })], { platform, docker: true })
  const images = [
    lockImage('docker.io/library/web', '1', makeIndex(blobs, [web], ['linux/386', 'linux/arm/v7']), [web]),
    lockImage('registry.example:5000/team/job', '2.0', job.manifest, [job]),
  ]
  return { images, blobs }
}
