import pLimit from 'p-limit'
import { ExpectedError } from '../../errors.ts'
import type { BlobState, Content } from '../../oci/content/content.ts'
import { type Digest, hashChunks, splitDigest } from '../../oci/digest.ts'
import { quote } from '../../quote.ts'
import type { BlobSlice } from './content.ts'

/** Blobs of up to so many bytes need not wait for larger ones. */
const SMALL = 4 * 1024 * 1024
/** Each that is read holds up to 2 MiB. */
const AT_A_TIME = 8

/**
 * Blobs that are hashed once for all who ask, and again when their file may have been written to: what a damaged file
 * holds, or one that somebody changed, never reaches a reader as a whole.
 */
export class CheckedBlobs {
  readonly #content: Content
  readonly #checkFirst: boolean
  readonly #checked = new Map<Digest, { readonly version: string; readonly done: Promise<void> }>()
  readonly #small = pLimit(AT_A_TIME)
  readonly #large = pLimit(AT_A_TIME)

  constructor(content: Content, { checkFirst }: { checkFirst: boolean }) {
    this.#content = content
    this.#checkFirst = checkFirst
  }

  /** @throws {ExpectedError} BLOB_UNKNOWN; CONTENT_MISMATCH when the bytes are not what the digest says. */
  async check(digest: Digest): Promise<void> {
    const state = await this.#content.stateOf(digest)
    const known = this.#checked.get(digest)
    if (known?.version === state.version) return known.done
    const { size = 0 } = this.#content.blobs.get(digest) ?? {}
    const inTurn = size <= SMALL ? this.#small : this.#large
    const done = inTurn(() => this.#hash(digest, state))
    this.#checked.set(digest, { version: state.version, done })
    done.catch((error) => {
      // What the disk says may pass; what the bytes are stays while nobody writes to them.
      if (!(error instanceof ExpectedError && error.code === 'CONTENT_MISMATCH')) this.#checked.delete(digest)
    })
    return done
  }

  /** Where nothing is checked first, hashing begins with reading, and the last byte waits for it. */
  async open(digest: Digest, start: number, end: number): Promise<BlobSlice> {
    const { size = 0 } = this.#content.blobs.get(digest) ?? {}
    if (this.#checkFirst || start === end) await this.check(digest)
    else if (end === size) this.check(digest).catch(() => {}) // reported when the last byte is asked for
    const read = async (buffer: Uint8Array, position: number) => {
      const filled = await this.#content.readInto(digest, buffer, position)
      // After reading: so these bytes are of the file that was hashed.
      if (this.#checkFirst || position + filled === size) await this.check(digest)
      return filled
    }
    return { start, end, read }
  }

  async #hash(digest: Digest, { path, version }: BlobState): Promise<void> {
    const chunks = this.#content.openBlob(digest, { reuse: true })
    const actual = await hashChunks(chunks, splitDigest(digest).algorithm)
    const now = await this.#content.stateOf(digest)
    if (actual === digest && now.version === version) return
    const problem = actual === digest ? 'is being written to' : `is damaged: it hashes to ${actual}`
    throw new ExpectedError('CONTENT_MISMATCH', `${path}: blob ${digest} ${problem}`, {
      hint: `Nothing of it is served. Copy the file again, and check it with: nodeseed verify ${quote(path)}`,
    })
  }
}
