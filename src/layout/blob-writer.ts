import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { ExpectedError } from '../errors.ts'
import type { BlobSink } from '../oci/blob-sink.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { splitDigest } from '../oci/digest.ts'
import { diskError } from './disk-error.ts'

/** One write takes this many bytes: fewer, larger writes are what makes the disk fast. */
const BATCH = 1 << 20

/**
 * Writes one blob in place and hashes it while it arrives. While one batch is on its way to the disk the next one is
 * collected; `write` gives a promise when the sender must wait for the disk.
 */
export class BlobWriter implements BlobSink {
  readonly #blob: Descriptor
  readonly #path: string
  readonly #handle: FileHandle
  readonly #hash: Hash
  #position: number
  #received = 0
  #batch: Uint8Array[] = []
  #batchBytes = 0
  #writing: Promise<void> | undefined

  constructor(blob: Descriptor, offset: number, { path, handle }: { path: string; handle: FileHandle }) {
    this.#blob = blob
    this.#path = path
    this.#handle = handle
    this.#position = offset
    this.#hash = createHash(splitDigest(blob.digest).algorithm)
  }

  get received(): number {
    return this.#received
  }

  /** @throws {ExpectedError} CONTENT_MISMATCH as soon as more arrives than the blob may have. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#received += chunk.length
    if (this.#received > this.#blob.size) throw this.#mismatch(`more than its ${this.#blob.size} bytes arrived`)
    this.#hash.update(chunk)
    this.#batch.push(chunk)
    this.#batchBytes += chunk.length
    if (this.#batchBytes < BATCH) return undefined
    const busy = this.#writing
    this.#flush()
    return busy
  }

  /** Waits for the disk and checks the whole: @throws {ExpectedError} CONTENT_MISMATCH */
  async end(): Promise<void> {
    if (this.#received < this.#blob.size) {
      throw this.#mismatch(`only ${this.#received} of its ${this.#blob.size} bytes arrived`)
    }
    const { algorithm } = splitDigest(this.#blob.digest)
    const actual = `${algorithm}:${this.#hash.digest('hex')}`
    if (actual !== this.#blob.digest) throw this.#mismatch(`what arrived hashes to ${actual}`)
    this.#flush()
    await this.#writing
  }

  #flush(): void {
    if (this.#batchBytes === 0) return
    const [batch, position] = [this.#batch, this.#position]
    this.#position += this.#batchBytes
    this.#batch = []
    this.#batchBytes = 0
    const writing = (this.#writing ?? Promise.resolve()).then(() =>
      writeAll(this.#handle, batch, position).catch((error) => {
        throw diskError(this.#path, error)
      }),
    )
    this.#writing = writing
    // A failure stays where it is, for `write` or `end` to report.
    const forget = () => {
      if (this.#writing === writing) this.#writing = undefined
    }
    writing.then(forget, () => {})
  }

  #mismatch(problem: string): ExpectedError {
    return new ExpectedError('CONTENT_MISMATCH', `blob ${this.#blob.digest}: ${problem}`)
  }
}

/** A write may take less than it was given. */
async function writeAll(handle: FileHandle, chunks: Uint8Array[], position: number): Promise<void> {
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
  const { bytesWritten } = await handle.writev(chunks, position)
  if (bytesWritten === bytes) return
  const rest = Buffer.concat(chunks).subarray(bytesWritten)
  for (let at = 0; at < rest.length; ) {
    const { bytesWritten: count } = await handle.write(rest, at, rest.length - at, position + bytesWritten + at)
    at += count
  }
}
