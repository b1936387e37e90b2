import type { BlobSink } from '../../oci/blob-sink.ts'

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
