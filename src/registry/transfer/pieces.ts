import type { BlobSink } from '../../oci/content/blob-sink.ts'
import type { ConcurrencyLimit } from './concurrency-limit.ts'

/** Connections for one blob. What all but the first bring may have to wait, in memory. */
const CONNECTIONS = 6

/** Bytes of a blob, the end not included. */
export interface Piece {
  readonly start: number
  readonly end: number
}

/**
 * Brings the rest of a blob over several connections. The sink gets every byte in order, as from one: it hashes them, and
 * what a run has of a blob when it is killed is its beginning. Pieces that come too early wait in memory.
 *
 * @throws what `get` throws; the sink then stands after the last byte that it was given.
 */
export async function bringInPieces(
  { size, piece: pieceSize }: { size: number; piece: number },
  sink: BlobSink,
  get: (piece: Piece, into: Pick<BlobSink, 'write'>) => Promise<void>,
): Promise<void> {
  let next = sink.received
  let last: Promise<void> = Promise.resolve()
  let failed = false
  const bringNext = async () => {
    const piece = { start: next, end: Math.min(next + pieceSize, size) }
    next = piece.end
    const queue = new Queue(sink, last)
    const bringing = get(piece, queue).then(() => queue.drained())
    last = bringing
    await bringing
  }
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    while (next < size && !failed) {
      await bringNext().catch((error) => {
        failed = true
        throw error
      })
    }
  })
  // All of them must be done with the sink before somebody else writes to it.
  const [failure] = (await Promise.allSettled(workers)).filter(({ status }) => status === 'rejected')
  if (failure) throw (failure as PromiseRejectedResult).reason
}

/** Chunks of one piece: kept until the piece before is in the sink, then passed on as they come. */
class Queue implements Pick<BlobSink, 'write'> {
  readonly #sink: BlobSink
  readonly #turn: Promise<void>
  readonly #chunks: Uint8Array[] = []
  #isOurTurn = false
  /** Passes on what was kept; undefined when there is nothing. */
  #pouring: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(sink: BlobSink, turn: Promise<void>) {
    this.#sink = sink
    this.#turn = turn.then(() => {
      this.#isOurTurn = true
      if (this.#chunks.length > 0) this.#pouring = this.#pour()
    })
    this.#turn.catch(() => {}) // `drained` says so
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#failure) throw this.#failure.error
    if (this.#isOurTurn && !this.#pouring) return this.#sink.write(chunk)
    // Its memory belongs to the connection.
    this.#chunks.push(Buffer.from(chunk))
    return this.#pouring
  }

  /** Everything is in the sink. @throws what the sink threw, or what happened to the pieces before */
  async drained(): Promise<void> {
    await this.#turn
    await this.#pouring
    if (this.#failure) throw this.#failure.error
  }

  async #pour(): Promise<void> {
    try {
      for (let chunk = this.#chunks.shift(); chunk; chunk = this.#chunks.shift()) await this.#sink.write(chunk)
    } catch (error) {
      this.#failure = { error }
    }
    this.#pouring = undefined
  }
}

/** Bytes of the smallest piece that is asked for. */
const SMALLEST_PIECE = 1 << 20
/** Pieces that come early wait in memory. */
const LARGEST_PIECE = 8 << 20

/** Milliseconds after which the rate of a transfer is known. */
const SETTLED = 1000
/** Milliseconds that a transfer must have before it for a change to be worth its while. */
const WORTH = 4000
/** Bytes below which there is too little for several connections. */
const LEAST = 24 << 20

/** Watches one transfer: a large blob that comes slowly while other connections lie idle is worth several of them. */
export class SlowTransferDetector {
  readonly #limit: ConcurrencyLimit
  readonly #started: number
  readonly #now: () => number
  #left: number
  #arrived = 0

  constructor(limit: ConcurrencyLimit, left: number, now: () => number = Date.now) {
    this.#limit = limit
    this.#left = left
    this.#now = now
    this.#started = now()
  }

  /** In which pieces the rest should come over several connections; undefined while one does well enough. */
  arrived(bytes: number): number | undefined {
    this.#arrived += bytes
    this.#left -= bytes
    const elapsed = this.#now() - this.#started
    if (elapsed < SETTLED || this.#left < LEAST || !this.#limit.isIdle) return undefined
    const isSlow = (this.#left / this.#arrived) * elapsed > WORTH
    return isSlow ? pieceSize((this.#arrived / elapsed) * 1000) : undefined
  }
}

/** Bytes that one connection brings in half a second: what is asked for at once, and lost when a run is killed. */
export function pieceSize(bytesPerSecond: number): number {
  return Math.min(Math.max(Math.round(bytesPerSecond / 2), SMALLEST_PIECE), LARGEST_PIECE)
}
