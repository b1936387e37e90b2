import { ExpectedError } from '../../errors.ts'
import { blobName } from '../../oci/content/image-layout.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf } from '../../oci/digest.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { END_BYTES, frameDigest } from './frame.ts'
import { renderIndex } from './index-json.ts'
import { attachedBlobsOf, blobsOf, type Lock, type LockedImage, layersOf, parseLock } from './lock.ts'
import { isPatchFile } from './patch-files.ts'
import { BUNDLE_TABLE, type BundleTable, type FileEntry, type RequiredBlob } from './table.ts'
import { BLOCK, fitsHeader, paddingAfter } from './tar-header.ts'

const OCI_LAYOUT = encode('{"imageLayoutVersion":"1.0.0"}\n')
/** Files that are no blobs, nor patches, are read whole: 200,000 names of a hundred letters are 90 MB. */
export const MAX_FILE_BYTES = 256 * 1024 * 1024

/** Stands for a digest that is not known yet, which is as long. */
const NO_DIGEST: Digest = `sha256:${'0'.repeat(64)}`

/** A file of a bundle that is being made: `size` bytes at `offset`, either known content or a blob that will arrive. */
export interface PlannedFile {
  readonly name: string
  readonly size: number
  readonly offset: number
  readonly content: Uint8Array | undefined
  /** Content that is known and not held in memory. */
  readonly stored?: StoredContent
  readonly blob?: Descriptor
}

/** Content that is read when it is written. */
export interface StoredContent {
  readonly digest: Digest
  readonly size: number
  chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

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
  readonly content: string | Uint8Array | StoredContent
}

export interface PlanOptions {
  /** Blobs that the receiver has: layers among them are left out, and listed as required. */
  readonly without?: ReadonlySet<Digest>
  /** The repository in which the receiver has one of them, where that is known. */
  readonly homes?: ReadonlyMap<Digest, string>
}

/**
 * Lays a bundle out. Descriptors carry sizes, so every offset is known now, and the same lock gives the same plan.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH when two images give one digest two sizes; UNSUPPORTED for a digest that is
 *   too long for the name of a file in a tar.
 */
export function planBundle(
  lock: Lock,
  extraFiles: readonly ExtraFile[] = [],
  { without = new Set(), homes = new Map() }: PlanOptions = {},
): BundlePlan {
  const files = extraFiles.map(({ name, content }): CarriedFile => {
    if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
      return { name, digest: content.digest, size: content.size, stored: content }
    }
    const bytes = typeof content === 'string' ? encode(content) : content
    return { name, digest: digestOf(bytes), size: bytes.length, content: bytes }
  })
  files.sort((a, b) => (a.name < b.name ? -1 : 1))
  // Read as it will be read again: in the order of fields that every table has.
  return layOut(parseLock(lock, 'lock'), files, { without, homes })
}

/**
 * The only bundle that may have this table: what another program, or somebody on the way, made otherwise is none.
 *
 * @throws {ExpectedError} as {@link planBundle}
 */
export function planOfTable({ lock, files, requires = [] }: BundleTable): BundlePlan {
  const homes = requires.flatMap(({ digest, from }) => (from === undefined ? [] : [[digest, from] as const]))
  return layOut(lock, files, { without: new Set(requires.map(({ digest }) => digest)), homes: new Map(homes) })
}

/** The bytes of index.json, which stands for every byte of a bundle. */
export function indexOf({ files }: Pick<BundlePlan, 'files'>): Uint8Array {
  return files.find(({ name }) => name === 'index.json')?.content ?? new Uint8Array()
}

type CarriedFile = FileEntry & { readonly content?: Uint8Array; readonly stored?: StoredContent }

function layOut(lock: Lock, carried: readonly CarriedFile[], { without, homes }: Required<PlanOptions>): BundlePlan {
  const { documents, layers } = distinctBlobs(lock.images)
  const blobs = [...documents, ...layers.filter(({ digest }) => !without.has(digest))]
  const requires = layers.flatMap(({ digest, size }): RequiredBlob[] => {
    const from = homes.get(digest)
    return without.has(digest) ? [{ digest, size, ...(from !== undefined && { from }) }] : []
  })
  const files = carried.map(({ name, digest, size }) => ({ name, digest, size }))
  const table = { version: 1, lock, blobs: [], ...(requires.length > 0 && { requires }), files } as const
  const reserved = tableSize(table, blobs)
  const emptyIndex = encode(renderIndex(lock, { table: NO_DIGEST, frame: NO_DIGEST }))
  const { placed, end } = place([
    { name: 'oci-layout', size: OCI_LAYOUT.length, content: OCI_LAYOUT },
    { name: 'index.json', size: emptyIndex.length },
    { name: BUNDLE_TABLE, size: reserved },
    ...carried.map(({ name, size, content, stored }) => ({ name, size, content, ...(stored && { stored }) })),
    ...blobs.map((blob) => ({ name: blobFile(blob), size: blob.size, blob })),
  ])
  const entries = placed.flatMap(({ blob, offset }) => (blob ? [{ digest: blob.digest, size: blob.size, offset }] : []))
  const large = placed.find(({ name, size, blob }) => !blob && !isPatchFile(name) && size > MAX_FILE_BYTES)
  if (large) {
    throw new ExpectedError(
      'UNSUPPORTED',
      `${large.name} would have ${formatBytes(large.size)}, more than a bundle is opened with`,
      {
        hint: 'Make several bundles of these images.',
      },
    )
  }
  const finished: BundleTable = { ...table, blobs: entries }
  const tableBytes = padded(encode(JSON.stringify(finished)), reserved)
  const digests = { table: digestOf(tableBytes), frame: frameDigest(placed) }
  const known = new Map([
    [BUNDLE_TABLE, tableBytes],
    ['index.json', encode(renderIndex(lock, digests))],
  ])
  const withContent = placed.map((file) => ({ ...file, content: known.get(file.name) ?? file.content }))
  return { size: end + END_BYTES, files: withContent, table: finished }
}

function blobFile({ digest }: Descriptor): string {
  const name = blobName(digest)
  if (fitsHeader(name)) return name
  throw new ExpectedError('UNSUPPORTED', `blob ${digest}: its digest is too long for the name of a file in a tar`, {
    hint: 'Push the image again with sha256 digests, which every registry and runtime reads.',
  })
}

/** Each blob once, in order of first use; what is a layer somewhere and a document elsewhere is a document. */
function distinctBlobs(images: readonly LockedImage[]): { documents: Descriptor[]; layers: Descriptor[] } {
  const layers = images.flatMap(layersOf)
  const isLayer = new Set(layers)
  const documents = images.flatMap(blobsOf).filter((blob) => !isLayer.has(blob))
  const attached = images.flatMap(attachedBlobsOf)
  const byDigest = new Map<Digest, Descriptor>()
  for (const blob of [...documents, ...attached, ...layers]) {
    const known = byDigest.get(blob.digest)
    if (known && known.size !== blob.size) {
      throw new ExpectedError(
        'CONTENT_MISMATCH',
        `${blob.digest} is said to have ${known.size} and ${blob.size} bytes, by two manifests`,
      )
    }
    if (!known) byDigest.set(blob.digest, blob)
  }
  const all = [...byDigest.values()]
  return { documents: all.filter((blob) => !isLayer.has(blob)), layers: all.filter((blob) => isLayer.has(blob)) }
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
    end = offset + file.size + paddingAfter(file.size)
    return { ...file, offset, content: file.content }
  })
  return { placed, end }
}

/** JSON may end in any number of blanks. */
function padded(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size).fill(0x20)
  result.set(bytes)
  result[size - 1] = 0x0a
  return result
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
