import pLimit from 'p-limit'
import { ExpectedError } from '../../errors.ts'
import type { BlobState, Content } from '../../oci/content/content.ts'
import { hashBlob } from '../../oci/content/hash-blob.ts'
import type { Digest } from '../../oci/digest.ts'
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
    return this.#check(digest, await this.#content.stateOf(digest))
  }

  /**
   * Where nothing is checked first, hashing begins with reading, and the last byte waits for it. What was read belongs to
   * what was hashed only while nobody wrote to the file in between, not even to set right what was wrong.
   */
  async open(digest: Digest, start: number, end: number): Promise<BlobSlice> {
    const { size = 0 } = this.#content.blobs.get(digest) ?? {}
    const opened = await this.#content.stateOf(digest)
    if (this.#checkFirst || start === end) await this.#check(digest, opened)
    else if (end === size) this.#check(digest, opened).catch(() => {}) // reported when the last byte is asked for
    return {
      start,
      end,
      size,
      source: `${digest} ${opened.version}`,
      read: (buffer, position) => this.#content.readInto(digest, buffer, position),
      allow: async (until) => {
        if (!this.#checkFirst && until < size) return
        const now = await this.#content.stateOf(digest)
        await this.#check(digest, now)
        if (now.version !== opened.version) throw unfit(digest, now, 'was written to while it was sent')
      },
    }
  }

  #check(digest: Digest, state: BlobState): Promise<void> {
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

  async #hash(digest: Digest, state: BlobState): Promise<void> {
    const actual = await hashBlob(this.#content, digest)
    if (actual !== digest) throw unfit(digest, state, `is damaged: it hashes to ${actual}`)
    const now = await this.#content.stateOf(digest)
    if (now.version !== state.version) throw unfit(digest, state, 'is being written to')
  }
}

function unfit(digest: Digest, { path }: BlobState, problem: string): ExpectedError {
  return new ExpectedError('CONTENT_MISMATCH', `${path}: blob ${digest} ${problem}`, {
    hint: `Nothing of it is served. Copy the file again, and check it with: nodeseed verify ${quote(path)}`,
  })
}
