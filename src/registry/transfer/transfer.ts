import { ExpectedError } from '../../errors.ts'
import type { BlobSink } from '../../oci/blob-sink.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { TransientError } from '../http/retry.ts'
import type { HttpResponse, Receive } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import type { Piece } from './pieces.ts'

/** One blob on its way, over as many answers as it takes: each goes on where the sink stands. */
export class Transfer {
  readonly #blob: Descriptor
  readonly #sink: BlobSink
  /** The server misunderstood a Range once: from then on the whole is asked for, and what is known is skipped. */
  #whole = false
  #problem: string | undefined
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
    return (status, headers) => {
      this.#problem = this.#problemOf(status, headers, this.#sink.received)
      if (this.#problem) return 'refuse'
      if (status !== 200 && status !== 206) return 'collect'
      let skip = status === 200 ? this.#sink.received : 0
      return {
        write: (chunk) => {
          if (onBytes(chunk.length) === 'enough') return 'enough'
          const known = Math.min(skip, chunk.length)
          skip -= known
          const fresh = known ? chunk.subarray(known) : chunk
          if (this.#sink.received + fresh.length > this.#blob.size) throw this.#tooLong(subject)
          return fresh.length === 0 ? undefined : this.#sink.write(fresh)
        },
      }
    }
  }

  /** @throws TransientError when the answer's head showed that its body is of no use. */
  check({ status }: HttpResponse, subject: Subject): void {
    if (status === 416 || (status === 206 && this.#problem)) this.#whole = true
    const problem = this.#problem ?? (status === 416 ? 'refuses to send the rest of it' : undefined)
    if (problem) throw new TransientError(unusable(subject, problem))
  }

  /** Takes the body of an answer that is one piece of the blob. */
  receivePiece({ start }: Piece, into: Pick<BlobSink, 'write'>, onBytes: (bytes: number) => void): Receive {
    return (status, headers) => {
      if (status !== 200 && status !== 206) return 'collect'
      if (status === 200 || this.#problemOf(status, headers, start)) return 'refuse'
      return {
        write: (chunk) => {
          onBytes(chunk.length)
          return into.write(chunk)
        },
      }
    }
  }

  broken(subject: Subject): ExpectedError {
    return unusable(subject, 'does not send the part of it that was asked for')
  }

  short(subject: Subject): ExpectedError {
    const { size } = this.#blob
    return unusable(subject, `sent only ${this.#sink.received} of its ${size} bytes`)
  }

  #tooLong({ registry, what }: Subject): ExpectedError {
    const problem = `sends more than its ${this.#blob.size} bytes`
    return new ExpectedError('CONTENT_MISMATCH', `${what}: ${registry} ${problem}`, {
      hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
    })
  }

  #problemOf(status: number, headers: HttpResponse['headers'], expected: number): string | undefined {
    const encoding = headers['content-encoding']
    if ((status === 200 || status === 206) && encoding && encoding !== 'identity') {
      return `or a proxy before it changed the bytes (content-encoding: ${encoding})`
    }
    if (status !== 206) return undefined
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers['content-range'])) ?? []
    const fits = Number(start) === expected && (total === '*' || Number(total) === this.#blob.size)
    return fits ? undefined : 'sent another part of it than was asked for'
  }
}

function unusable({ registry, what }: Subject, problem: string): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} ${problem}`, {
    hint: 'A proxy or a broken registry is in the way. Try another network path or mirror.',
  })
}
