import { ExpectedError } from '../errors.ts'
import {
  BUNDLE_TABLE,
  type BundleTable,
  blobName,
  blobsOf,
  type Lock,
  type LockedImage,
  type PlannedFile,
} from '../inventory.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { type Digest, digestOf } from '../oci/digest.ts'
import { renderIndex } from './index-json.ts'

/** A whole bundle before its first byte: every file, where it stands, and what is already known of it. */
export interface BundlePlan {
  /** Bytes of the whole archive. */
  readonly size: number
  /** In file order: documents that are known now, then manifests and configs, then layers. */
  readonly files: readonly PlannedFile[]
  readonly table: BundleTable
}

/** A file that goes in as it is, under `nodeseed/`. */
export interface ExtraFile {
  readonly name: string
  readonly content: string
}

const BLOCK = 512
/** Two blocks of zeros end a tar. */
const END = 2 * BLOCK

/**
 * Lays a bundle out. Descriptors carry sizes, so every offset is known now, and the same lock gives the same plan.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH when two images give one digest two sizes.
 */
export function planBundle(lock: Lock, extraFiles: readonly ExtraFile[] = []): BundlePlan {
  const blobs = distinctBlobs(lock.images)
  const extras = [...extraFiles]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, content }) => ({ name, content: encode(content) }))
  const files = extras.map(({ name, content }) => ({ name, digest: digestOf(content), size: content.length }))
  const table = { version: 1, lock, blobs: [], files } as const
  const reserved = tableSize(table, blobs)

  const head = [
    { name: 'oci-layout', content: encode('{"imageLayoutVersion":"1.0.0"}\n') },
    { name: 'index.json', size: renderIndex(lock, `sha256:${'0'.repeat(64)}`).length },
    { name: BUNDLE_TABLE, size: reserved },
    ...extras,
  ]
  const { placed, end } = place([
    ...head.map((file) => ({ ...file, size: 'size' in file ? file.size : file.content.length })),
    ...blobs.map((blob) => ({ name: blobName(blob.digest), size: blob.size, blob })),
  ])
  const entries = placed.flatMap(({ blob, offset }) => (blob ? [{ digest: blob.digest, size: blob.size, offset }] : []))
  const finished: BundleTable = { ...table, blobs: entries }
  const tableBytes = encode(
    JSON.stringify(finished)
      .padEnd(reserved - 1)
      .concat('\n'),
  )
  const known = new Map([
    [BUNDLE_TABLE, tableBytes],
    ['index.json', encode(renderIndex(lock, digestOf(tableBytes)))],
  ])
  const withContent = placed.map((file) => ({ ...file, content: known.get(file.name) ?? file.content }))
  return { size: end + END, files: withContent, table: finished }
}

/** Each blob once, in order of first use: small documents first, then layers. */
function distinctBlobs(images: readonly LockedImage[]): Descriptor[] {
  const layers = new Set(images.flatMap(({ platforms }) => platforms.flatMap((platform) => platform.layers)))
  const all = images.flatMap(blobsOf)
  const byDigest = new Map<Digest, Descriptor>()
  for (const blob of [...all.filter((blob) => !layers.has(blob)), ...layers]) {
    const known = byDigest.get(blob.digest)
    if (known && known.size !== blob.size) {
      throw new ExpectedError(
        'CONTENT_MISMATCH',
        `${blob.digest} is said to have ${known.size} and ${blob.size} bytes, by two manifests`,
      )
    }
    if (!known) byDigest.set(blob.digest, blob)
  }
  return [...byDigest.values()]
}

/** Room for the table whatever its offsets turn out to be: they depend on its own size. */
function tableSize(table: BundleTable, blobs: readonly Descriptor[]): number {
  const widest = blobs.map(({ digest, size }) => ({ digest, size, offset: Number.MAX_SAFE_INTEGER }))
  return encode(JSON.stringify({ ...table, blobs: widest })).length + 1
}

type Unplaced = Omit<PlannedFile, 'offset' | 'content'> & { readonly content?: Uint8Array | undefined }

function place(files: readonly Unplaced[]): { placed: PlannedFile[]; end: number } {
  let end = 0
  const placed = files.map((file) => {
    const offset = end + BLOCK
    end = offset + Math.ceil(file.size / BLOCK) * BLOCK
    return { ...file, offset, content: file.content }
  })
  return { placed, end }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
