import { expect, test } from 'vitest'
import { Documents } from '../../src/bundle/lock/documents/documents.ts'
import { openIndex } from '../../src/bundle/lock/documents/open-index.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'

const reference = parseReference('registry.example/app:1')
const AMD64 = { os: 'linux', architecture: 'amd64' }

/** Documents in memory that count how often they are read. */
function store() {
  const blobs = new Map<Digest, Buffer>()
  let reads = 0
  const put = (mediaType: string, value: unknown): Descriptor => {
    const bytes = Buffer.from(JSON.stringify(value))
    blobs.set(digestOf(bytes), bytes)
    return { mediaType, digest: digestOf(bytes), size: bytes.length }
  }
  const index = (manifests: readonly Descriptor[]) =>
    put(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests })
  const documents = new Documents({
    resolve: () => Promise.reject(new Error('not asked')),
    readDocument: async (_repository, { digest }) => {
      reads++
      return blobs.get(digest) ?? Buffer.alloc(0)
    },
  })
  return { put, index, documents, reads: () => reads }
}

const manifest = (name: string): Descriptor => ({
  mediaType: OCI_MANIFEST,
  digest: digestOf(name),
  size: 1,
  platform: AMD64,
})

test('indexes that list each other many times cost what they hold, not the product', async () => {
  const { index, documents, reads } = store()
  let top = index([manifest('a')])
  for (let level = 0; level < 3; level++) top = index(Array(120).fill(top))
  const opened = await openIndex(reference, top, documents)
  expect(reads()).toBe(4)
  expect(opened).toMatchObject({ manifests: [{ descriptor: { digest: digestOf('a') } }], attestations: [] })
  expect(opened.indexes).toHaveLength(3)
})

test('a manifest that is listed for two platforms is there for both', async () => {
  const { index, documents } = store()
  const arm = { ...manifest('a'), platform: { os: 'linux', architecture: 'arm64' } }
  const opened = await openIndex(reference, index([manifest('a'), arm, manifest('a')]), documents)
  expect(opened.manifests.map(({ platform }) => platform)).toEqual([AMD64, arm.platform])
})

test('indexes inside each other without end are refused', async () => {
  const { index, documents } = store()
  let top = index([manifest('a')])
  for (let level = 0; level < 4; level++) top = index([top])
  await expect(openIndex(reference, top, documents)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})
