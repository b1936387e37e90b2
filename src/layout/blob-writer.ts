import { createHash, type Hash } from 'node:crypto'
import { ExpectedError, readError, writeError } from '../errors.ts'
import type { BlobSink } from '../oci/content/blob-sink.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { splitDigest } from '../oci/digest.ts'
import { CHUNK } from './files/byte-file.ts'
import type { PartedFile } from './files/parted-file.ts'

/** The place of one blob in a file. */
export interface BlobExtent {
  readonly file: PartedFile
  readonly offset: number
  /** Bytes from the start that an earlier run says it wrote. */
  readonly known: number
  /** Hears how many bytes from the start are written. */
  readonly onWritten: (bytes: number) => void
}

/** One write takes this many bytes: larger ones are no faster, and many blobs at once need many buffers. */
const BATCH = 1 << 18

/** Buffers of {@link BATCH} bytes that no writer uses now. Used again, they cost no garbage collection. */
const free: Buffer[] = []

/**
 * Writes one blob in place and hashes it while it arrives. While one buffer is on its way to the disk the next one is
 * filled: fewer, larger writes are what makes the disk fast. `write` gives a promise when the sender must wait.
 */
export class BlobWriter implements BlobSink {
  readonly #blob: Descriptor
  readonly #place: BlobExtent
  #hash: Hash | undefined
  #received = 0
  #written = 0
  #buffer: Buffer | undefined
  #filled = 0
  #writing: Promise<void> | undefined

  constructor(blob: Descriptor, place: BlobExtent) {
    this.#blob = blob
    this.#place = place
  }

  get received(): number {
    return this.#received
  }

  /** Hashes what an earlier run left, so that the rest can follow it. Gives the bytes that are there. */
  async recover(): Promise<number> {
    const { file, offset } = this.#place
    const known = Math.min(this.#place.known, this.#blob.size)
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, known))
    while (this.#received < known) {
      const length = Math.min(CHUNK, known - this.#received)
      const bytesRead = await file.read(buffer, length, offset + this.#received).catch((error) => {
        throw readError(file.path, error, offset + this.#received)
      })
      if (bytesRead === 0) break
      this.#digest().update(buffer.subarray(0, bytesRead))
      this.#received += bytesRead
    }
    this.#written = this.#received
    return this.#received
  }

  /** @throws {ExpectedError} CONTENT_MISMATCH as soon as more arrives than the blob may have. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#received + chunk.length > this.#blob.size) {
      throw this.#mismatch(`more than its ${this.#blob.size} bytes arrived`)
    }
    this.#received += chunk.length
    this.#digest().update(chunk)
    let busy: Promise<void> | undefined
    for (let at = 0; at < chunk.length; ) {
      this.#buffer ??= free.pop() ?? Buffer.allocUnsafeSlow(BATCH)
      const part = chunk.subarray(at, at + BATCH - this.#filled)
      this.#buffer.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled < BATCH) break
      busy = this.#writing
      this.#flush()
    }
    return busy
  }

  /** Waits for the disk and checks the whole: @throws {ExpectedError} CONTENT_MISMATCH */
  async end(): Promise<void> {
    if (this.#received < this.#blob.size) {
      throw this.#mismatch(`only ${this.#received} of its ${this.#blob.size} bytes arrived`)
    }
    const { algorithm } = splitDigest(this.#blob.digest)
    const actual = `${algorithm}:${this.#digest().digest('hex')}`
    if (actual !== this.#blob.digest) throw this.#mismatch(`what arrived hashes to ${actual}`)
    this.#flush()
    await this.#writing
  }

  hashSoFar(): Hash {
    return this.#digest().copy()
  }

  /** Forgets what arrived; the blob comes anew. */
  async restart(): Promise<void> {
    this.#filled = 0
    await this.#writing
    this.#hash = undefined
    this.#received = 0
    this.#written = 0
    this.#place.onWritten(0)
  }

  #digest(): Hash {
    this.#hash ??= createHash(splitDigest(this.#blob.digest).algorithm)
    return this.#hash
  }

  #flush(): void {
    const { file, offset, onWritten } = this.#place
    const [buffer, filled, position] = [this.#buffer, this.#filled, offset + this.#written]
    this.#buffer = undefined
    this.#filled = 0
    if (!buffer) return
    this.#written += filled
    const end = this.#written
    const writing = (this.#writing ?? Promise.resolve()).then(async () => {
      await file.write(buffer.subarray(0, filled), position).catch((error) => {
        throw writeError(file.path, error)
      })
      free.push(buffer)
      onWritten(end)
    })
    this.#writing = writing
    // A failure stays where it is, for `write` or `end` to report.
    const forget = () => {
      if (this.#writing === writing) this.#writing = undefined
    }
    writing.then(forget, () => {})
  }

  #mismatch(problem: string): ExpectedError {
    return new ExpectedError('CONTENT_MISMATCH', `blob ${this.#blob.digest}: ${problem}`, {
      hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
    })
  }
}
