import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockContent } from '../../src/bundle/lock/lock-content.ts'
import { openContent } from '../../src/layout/open-content.ts'
import { blobName } from '../../src/oci/content/image-layout.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { type ArchiveFile, archiveOf } from '../support/archive-maker.ts'
import { type Blobs, makeImage, makeLayer } from '../support/image-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const blobs: Blobs = new Map()
const imageOf = async (motd: string) => makeImage(blobs, [await makeLayer(blobs, { motd })]).manifest
const [ONE, TWO] = [await imageOf('one'), await imageOf('two')]
const GONE = { mediaType: OCI_MANIFEST, digest: digestOf('gone'), size: 4 }
const named = (image: Descriptor, name: string) => ({
  ...image,
  annotations: { 'org.opencontainers.image.ref.name': name },
})

/** What becomes of a layout with this `index.json`; one of its blobs may have other bytes. */
async function opening(manifests: readonly unknown[], damaged?: Descriptor): Promise<unknown> {
  const files: ArchiveFile[] = [...blobs].map(([digest, bytes]) => [
    { name: blobName(digest) },
    digest === damaged?.digest ? Buffer.alloc(bytes.length, ' ') : bytes,
  ])
  const index = JSON.stringify({ schemaVersion: 2, manifests })
  const path = join(await temporaryDirectory(), 'layout.tar')
  const marker = JSON.stringify({ imageLayoutVersion: '1.0.0' })
  await writeFile(path, await archiveOf([[{ name: 'oci-layout' }, marker], [{ name: 'index.json' }, index], ...files]))
  try {
    const content = await openContent(path)
    return await lockContent(content).finally(() => content.close())
  } catch (error) {
    return error
  }
}

const GOOD = named(ONE, 'registry.example.com/one:1')

test.for<[what: string, manifests: unknown[], damaged: Descriptor | undefined, code: string, message: RegExp]>([
  [
    'an entry that is null',
    [GOOD, null],
    undefined,
    'CONTENT_MISMATCH',
    /index\.json, manifests\[1\]: not a descriptor/,
  ],
  ['an entry without a digest', [GOOD, { size: 1 }], undefined, 'CONTENT_MISMATCH', /manifests\[1\]: not a descriptor/],
  ['an image that is not there', [GOOD, named(GONE, 'a/b:1')], undefined, 'BUNDLE_INVALID', /holds no blob sha256:/],
  ['a manifest that is damaged', [GOOD], ONE, 'CONTENT_MISMATCH', /is damaged/],
])('%s: no registry is to blame', async ([, manifests, damaged, code, message]) => {
  const error = await opening(manifests, damaged)
  expect(error).toMatchObject({ code, message: expect.stringMatching(message), exitCode: 4 })
  expect(error).toMatchObject({ advice: expect.stringMatching(/copy the file once more|Copy the layout again/) })
})

test.for<[what: string, manifests: unknown[], canBeNamed: boolean]>([
  ['one image without a name', [ONE], true],
  ['one image with a tag alone', [named(ONE, 'latest')], true],
  ['two images without names', [ONE, TWO], false],
  ['two images of one name', [named(ONE, 'a/b:1'), named(TWO, 'a/b:1')], false],
  ['nothing', [], false],
])('%s: a name is asked for only where it would help', async ([, manifests, canBeNamed]) => {
  const error = (await opening(manifests)) as { advice: string; code: string }
  expect(error.code).toBe('INPUT_INVALID')
  expect(error.advice.includes('--from NAME=FILE')).toBe(canBeNamed)
})
