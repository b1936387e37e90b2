import type { Hash } from 'node:crypto'
import { ExpectedError } from '../../errors.ts'
import type { BlobSink } from '../../oci/content/blob-sink.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { splitDigest } from '../../oci/digest.ts'
import { TransientError } from '../http/retry.ts'
import type { HttpResponse, Receive } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import { canDecode, codingOf, decodeInto } from './decoding.ts'
import type { Piece } from './pieces.ts'

/** Bytes that are looked at beyond those that a manifest names, to tell who is wrong. */
const MOST_BEYOND = 64 << 20

/** One blob on its way, over as many answers as it takes: each goes on where the sink stands. */
export class Transfer {
  readonly #blob: Descriptor
  readonly #sink: BlobSink
  /** The server misunderstood a Range once: from then on the whole is asked for, and what is known is skipped. */
  #whole = false
  /** How often a server failed for a part. */
  #failed = 0
  /** What was encoded by its header was none: from then on bytes are taken as they come. */
  #asIs = false
  #problem: string | undefined
  /** What the manifest says it has not, in the answer that comes now. */
  #beyond: { readonly hash: Hash; bytes: number } | undefined
  /** How the last answer says that it is encoded. */
  #coding: string | undefined
  /** Whether the rest may come over several connections: that is tried once. */
  mayBeSplit = true

  constructor(blob: Descriptor, sink: BlobSink) {
    this.#blob = blob
    this.#sink = sink
  }

  /** The header that asks for what is missing; none asks for everything. */
  get range(): Record<string, string> {
    return this.#sink.received > 0 && !this.#whole ? { range: `bytes=${this.#sink.received}-` } : {}
  }

  /** Takes the body of an answer that continues the blob; `onBytes` hears of every byte that arrives, and may end it. */
  receive(subject: Subject, onBytes: (bytes: number) => 'enough' | undefined): Receive {
    const isPart = this.range.range !== undefined
    return (status, headers) => {
      this.#coding = codingOf(headers)
      this.#beyond = undefined
      this.#problem = this.#problemOf(status, headers, { start: this.#sink.received, isPart })
      if (this.#problem) return 'refuse'
      if (!isContent(status)) return 'collect'
      const bytes = this.#afterKnown(isPart && status === 206 ? 0 : this.#sink.received, subject)
      const decoded = this.#decoded(headers, bytes, subject)
      return { write: (chunk) => (onBytes(chunk.length) === 'enough' ? 'enough' : decoded.write(chunk)) }
    }
  }

  /** @throws TransientError when the answer was no use, and the whole may be sent where a part is not. */
  check({ status }: HttpResponse, subject: Subject): void {
    const isRefused = this.range.range !== undefined && this.#refusesRange(status)
    const problem = this.#problem ?? (isRefused || status === 416 ? 'refuses to send the rest of it' : undefined)
    if (isRefused || status === 416 || (status === 206 && this.#problem)) this.#whole = true
    if (problem && status === 416) this.#refuseWrongSize(subject)
    if (problem) throw new TransientError(unusable(subject, problem))
  }

  /**
   * After an answer that was one of content: @throws TransientError where something is missing; {ExpectedError}
   * CONTENT_MISMATCH where there is too much, REGISTRY_ERROR where the digest fits and it is the size that is wrong.
   */
  finish(subject: Subject): void {
    const { received } = this.#sink
    if (received === this.#blob.size && !this.#beyond) return
    this.#refuseWrongSize(subject)
    if (this.#beyond) throw this.#tooLong(subject)
    throw new TransientError(
      unusable(subject, `sent only ${received} of its ${this.#blob.size} bytes${this.#encoding}`),
    )
  }

  /** Of all that arrived: @throws {ExpectedError} CONTENT_MISMATCH, naming who sent the last of it. */
  checkDigest({ registry, what }: Subject): void {
    const actual = this.#digest(this.#sink.hashSoFar?.())
    if (actual === undefined || actual === this.#blob.digest) return
    throw new ExpectedError('CONTENT_MISMATCH', `${what}: what arrived from ${registry} hashes to ${actual}`, {
      hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
    })
  }

  #digest(hash: Hash | undefined): string | undefined {
    return hash && `${splitDigest(this.#blob.digest).algorithm}:${hash.digest('hex')}`
  }

  /** Bytes whose digest fits are the blob: the manifest gives it another size. */
  #refuseWrongSize({ registry, what }: Subject): void {
    const { hash = this.#sink.hashSoFar?.(), bytes = 0 } = this.#beyond ?? {}
    const { digest, size } = this.#blob
    if (this.#digest(hash) !== digest) return
    const problem = `has ${this.#sink.received + bytes} bytes with this digest, and the manifest says ${size}`
    throw new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} ${problem}`, {
      hint: 'The manifest is wrong, and runtimes refuse such an image: have it pushed again, by another tool.',
    })
  }

  /** Takes the body of an answer that is one piece of the blob. */
  receivePiece({ start }: Piece, into: Pick<BlobSink, 'write'>, onBytes: (bytes: number) => void): Receive {
    return (status, headers) => {
      if (!isContent(status)) return 'collect'
      if (status !== 206 || this.#problemOf(status, headers, { start, isPart: true })) return 'refuse'
      return {
        write: (chunk) => {
          onBytes(chunk.length)
          return into.write(chunk)
        },
      }
    }
  }

  /** Some links are signed for the whole alone; some servers fail for a part, always. */
  #refusesRange(status: number): boolean {
    if (status >= 500 && status !== 501) return ++this.#failed > 1
    return status === 204 || status === 501 || (status >= 400 && !NOT_OF_RANGE.has(status))
  }

  broken(subject: Subject): ExpectedError {
    return unusable(subject, 'does not send the part of it that was asked for')
  }

  #tooLong({ registry, what }: Subject): ExpectedError {
    const problem = `sends more than its ${this.#blob.size} bytes${this.#encoding}`
    return new ExpectedError('CONTENT_MISMATCH', `${what}: ${registry} ${problem}`, {
      hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
    })
  }

  get #encoding(): string {
    return this.#coding ? ` (content-encoding: ${this.#coding})` : ''
  }

  /** The sink, behind what it has already. */
  #afterKnown(known: number, subject: Subject): Pick<BlobSink, 'write'> {
    let skip = known
    return {
      write: (chunk) => {
        const length = Math.min(skip, chunk.length)
        skip -= length
        const fresh = length ? chunk.subarray(length) : chunk
        if (this.#sink.received + fresh.length > this.#blob.size) return this.#take(fresh, subject)
        return fresh.length === 0 ? undefined : this.#sink.write(fresh)
      },
    }
  }

  /** Only hashes: there is no room for it, and whoever made the manifest may have miscounted. */
  #take(chunk: Uint8Array, subject: Subject): undefined {
    const hash = this.#beyond?.hash ?? this.#sink.hashSoFar?.()
    if (!hash) throw this.#tooLong(subject)
    this.#beyond ??= { hash, bytes: 0 }
    this.#beyond.bytes += chunk.length
    if (this.#beyond.bytes > MOST_BEYOND) throw this.#tooLong(subject)
    hash.update(chunk)
  }

  /**
   * Layers are gzip files, so that some say `Content-Encoding: gzip` of one as it is: then it has its own length. What
   * a proxy encoded has another, and is decoded.
   */
  #decoded(
    headers: HttpResponse['headers'],
    bytes: Pick<BlobSink, 'write'>,
    subject: Subject,
  ): Pick<BlobSink, 'write'> {
    const coding = codingOf(headers)
    if (!coding || !canDecode(coding) || this.#asIs || Number(headers['content-length']) === this.#blob.size)
      return bytes
    const decoding = decodeInto(coding, bytes)
    return {
      write: async (chunk) => {
        try {
          await decoding.write(chunk)
        } catch (error) {
          if (error instanceof ExpectedError) throw error
          this.#asIs = true
          throw new TransientError(unusable(subject, `sends what is not ${coding}, as it says`))
        }
      },
    }
  }

  #problemOf(
    status: number,
    headers: HttpResponse['headers'],
    { start: expected, isPart }: { start: number; isPart: boolean },
  ): string | undefined {
    if (status !== 206) return undefined
    const coding = codingOf(headers)
    if (coding && canDecode(coding)) return `or a proxy before it encoded a part of it (content-encoding: ${coding})`
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers['content-range'])) ?? []
    // Who was asked for the whole sends the whole, whatever it is called.
    if (!isPart && start === undefined) return undefined
    const fits = Number(start) === (isPart ? expected : 0) && (total === '*' || Number(total) === this.#blob.size)
    return fits ? undefined : 'sent another part of it than was asked for'
  }
}

/** 203 is a 200 that passed a proxy. */
function isContent(status: number): boolean {
  return status === 200 || status === 203 || status === 206
}

/** What says nothing of the part that was asked for: who we are, and that it may go another time. */
const NOT_OF_RANGE = new Set([401, 407, 408, 425, 429, 499])

function unusable({ registry, what }: Subject, problem: string): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} ${problem}`, {
    hint: 'A proxy or a broken registry is in the way. Try another network path or mirror.',
  })
}
