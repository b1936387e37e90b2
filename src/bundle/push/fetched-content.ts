import { ExpectedError } from '../../errors.ts'
import type { BlobSink } from '../../oci/content/blob-sink.ts'
import type { BlobRange, BlobSizes, BlobState, Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Reference } from '../../oci/reference.ts'

/** Sends a blob's bytes to a sink, from where that stands to the end. */
export type ReadBlob = (repository: Reference, blob: Descriptor, sink: BlobSink) => Promise<void>

/** Documents that were fetched, and blobs that are fetched whenever they are asked for. It has no names. */
export class FetchedContent implements Content {
  readonly path = 'the registries that the images are from'
  readonly names = new Map<string, Descriptor>()
  readonly blobs = new Map<Digest, { readonly size: number }>()
  readonly #readBlob: ReadBlob
  readonly #documents = new Map<Digest, Uint8Array>()
  readonly #remote = new Map<Digest, { readonly blob: Descriptor; readonly repository: Reference }>()

  constructor(readBlob: ReadBlob) {
    this.#readBlob = readBlob
  }

  addDocument({ digest, size }: Descriptor, bytes: Uint8Array): void {
    this.blobs.set(digest, { size })
    this.#documents.set(digest, bytes)
  }

  addBlob(blob: Descriptor, repository: Reference): void {
    this.blobs.set(blob.digest, { size: blob.size })
    this.#remote.set(blob.digest, { blob, repository })
  }

  async lacking(): Promise<BlobSizes> {
    return new Map()
  }

  async readDocument(digest: Digest): Promise<Uint8Array> {
    const bytes = this.#documents.get(digest)
    if (!bytes) throw unknown(digest)
    return bytes
  }

  async *openBlob(digest: Digest, { start = 0, end }: BlobRange = {}): AsyncGenerator<Uint8Array> {
    const { blob, repository } = this.#remote.get(digest) ?? {}
    if (!blob || !repository) throw unknown(digest)
    let left = Math.min(end ?? blob.size, blob.size) - start
    for await (const chunk of streamOf((sink) => this.#readBlob(repository, blob, sink), start)) {
      yield chunk.subarray(0, left)
      left -= chunk.length
      if (left <= 0) return
    }
  }

  /** Nobody reads a layer in pieces to send it. */
  async readInto(digest: Digest): Promise<number> {
    throw unknown(digest)
  }

  async stateOf(digest: Digest): Promise<BlobState> {
    throw unknown(digest)
  }

  async close(): Promise<void> {}
}

/** What is sent to a sink as chunks, one at a time: the sender waits until a chunk is taken. */
async function* streamOf(send: (sink: BlobSink) => Promise<void>, start: number): AsyncGenerator<Uint8Array> {
  let received = start
  let handed = Promise.withResolvers<Uint8Array | undefined>()
  let taken = Promise.withResolvers<void>()
  let last: Promise<void> = Promise.resolve()
  let isOver = false
  const sink: BlobSink = {
    get received() {
      return received
    },
    write(chunk) {
      if (isOver) throw new Error('nobody takes the rest')
      received += chunk.length
      // Its memory belongs to the connection.
      handed.resolve(chunk.slice())
      last = taken.promise
      return last
    },
  }
  send(sink).then(
    () => last.then(() => handed.resolve(undefined)),
    (error) => last.then(() => handed.reject(error)),
  )
  try {
    for (let chunk = await handed.promise; chunk; chunk = await handed.promise) {
      const before = taken
      handed = Promise.withResolvers()
      taken = Promise.withResolvers()
      yield chunk
      before.resolve()
    }
  } finally {
    isOver = true
    handed.promise.catch(() => {}) // nobody waits for how it ends
    taken.resolve()
  }
}

function unknown(digest: Digest): ExpectedError {
  return new ExpectedError('BLOB_UNKNOWN', `the registries that the images are from were not asked for ${digest}`)
}
