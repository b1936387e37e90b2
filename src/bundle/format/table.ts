import type { Digest } from '../../oci/digest.ts'
import { arrayAt, countAt, digestAt, invalid, objectAt, otherVersion, stringAt, wordAt } from './fields/fields.ts'
import { type Lock, parseLock } from './lock.ts'

/** Where in a bundle the table stands, and the annotations of index.json that hold the digests of table and frame. */
export const BUNDLE_TABLE = 'nodeseed/bundle.json'
export const BUNDLE_TABLE_ANNOTATION = 'dev.nodeseed.bundle-table'
export const BUNDLE_FRAME_ANNOTATION = 'dev.nodeseed.bundle-frame'

/** What other files of a bundle may be called. */
const FILE_NAME = /^(?:manifest\.json|nodeseed\/[a-z0-9][a-z0-9._-]{0,79})$/

/** `nodeseed/bundle.json`: what a bundle holds, and where in the file. */
export interface BundleTable {
  readonly version: 1
  readonly lock: Lock
  /** Every blob of the file, in file order. */
  readonly blobs: readonly BlobEntry[]
  /** Of a delta: the blobs that its images need and that it leaves to what the receiver already has. */
  readonly requires?: readonly RequiredBlob[]
  /** The other files under `nodeseed/`, so that a signature over index.json covers them too. */
  readonly files: readonly FileEntry[]
}

/** A blob by its content alone. */
interface SizedBlob {
  readonly digest: Digest
  readonly size: number
}

/** A blob that a delta leaves out. */
export interface RequiredBlob extends SizedBlob {
  /** The repository that had it where the delta builds on, `domain/path`: there a registry can take it from. */
  readonly from?: string
}

/** A blob in a bundle: `size` bytes at `offset` from the start of the file. */
export interface BlobEntry extends SizedBlob {
  readonly offset: number
}

export interface FileEntry {
  readonly name: string
  readonly digest: Digest
  readonly size: number
}

/** @throws {ExpectedError} BUNDLE_INVALID, saying where in the table. */
export function parseBundleTable(value: unknown, where: string): BundleTable {
  const { version, lock, blobs, requires, files } = objectAt(value, where)
  if (version !== 1) throw otherVersion(version, where)
  return {
    version,
    lock: parseLock(lock, `${where}, lock`),
    blobs: arrayAt(blobs, `${where}, blobs`).map((entry, index) => parseBlobEntry(entry, `${where}, blobs[${index}]`)),
    ...(requires !== undefined && {
      requires: arrayAt(requires, `${where}, requires`).map((entry, index) =>
        parseRequired(entry, `${where}, requires[${index}]`),
      ),
    }),
    files: arrayAt(files ?? [], `${where}, files`).map((entry, index) =>
      parseFileEntry(entry, `${where}, files[${index}]`),
    ),
  }
}

function parseBlobEntry(value: unknown, where: string): BlobEntry {
  return { ...parseSized(value, where), offset: countAt(objectAt(value, where).offset, where) }
}

function parseRequired(value: unknown, where: string): RequiredBlob {
  const { from } = objectAt(value, where)
  return { ...parseSized(value, where), ...(from !== undefined && { from: wordAt(from, where) }) }
}

function parseSized(value: unknown, where: string): SizedBlob {
  const { digest, size } = objectAt(value, where)
  return { digest: digestAt(digest, where), size: countAt(size, where) }
}

function parseFileEntry(value: unknown, where: string): FileEntry {
  const { name, digest, size } = objectAt(value, where)
  const text = stringAt(name, where)
  if (!FILE_NAME.test(text) || text === BUNDLE_TABLE)
    throw invalid(where, `no bundle holds a file ${JSON.stringify(text)}`)
  return { name: text, digest: digestAt(digest, where), size: countAt(size, where) }
}
