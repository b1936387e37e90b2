import { ExpectedError } from '../errors.ts'
import type { BlobRange, BlobSizes, BlobState, Content } from '../oci/content/content.ts'
import { lackingBelow } from '../oci/content/lacking.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { type Digest, digestOf } from '../oci/digest.ts'
import type { ByteFile } from './files/byte-file.ts'

type Held = { readonly size: number } & ({ readonly bytes: Uint8Array } | { readonly file: ByteFile })

/** Content that is put together here: small blobs in memory, large ones in files. It holds file handles: close it. */
export class MadeContent implements Content {
  readonly path: string
  readonly names = new Map<string, Descriptor>()
  readonly #held = new Map<Digest, Held>()

  /** @param path what people call where its files come from */
  constructor(path: string) {
    this.path = path
  }

  get blobs(): BlobSizes {
    return this.#held
  }

  /** Adds a blob that is in memory. */
  addBytes(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes)
    this.#held.set(digest, { size: bytes.length, bytes })
    return digest
  }

  /** Adds a file whose digest is known; it is closed with this. */
  addFile(digest: Digest, file: ByteFile): void {
    this.#held.set(digest, { size: file.size, file })
  }

  lacking(): Promise<BlobSizes> {
    return lackingBelow(this)
  }

  async readDocument(digest: Digest): Promise<Uint8Array> {
    const held = this.#find(digest)
    if ('bytes' in held) return held.bytes
    throw new ExpectedError('BUNDLE_INVALID', `${this.path}: ${digest} is a file, and no document`)
  }

  async *openBlob(digest: Digest, { start = 0, end, reuse = false }: BlobRange = {}): AsyncGenerator<Uint8Array> {
    const held = this.#find(digest)
    if ('bytes' in held) yield held.bytes.subarray(start, end)
    else yield* held.file.stream(start, end ?? held.size, { reuse })
  }

  async readInto(digest: Digest, buffer: Uint8Array, position: number): Promise<number> {
    const held = this.#find(digest)
    const wanted = buffer.subarray(0, Math.max(0, held.size - position))
    if (wanted.length === 0) return 0
    if ('file' in held) return held.file.readInto(wanted, position)
    wanted.set(held.bytes.subarray(position, position + wanted.length))
    return wanted.length
  }

  async stateOf(digest: Digest): Promise<BlobState> {
    const held = this.#find(digest)
    if ('bytes' in held) return { path: this.path, version: digest }
    return { path: held.file.path, version: await held.file.version(0, held.size) }
  }

  async close(): Promise<void> {
    for (const held of this.#held.values()) if ('file' in held) await held.file.close()
  }

  #find(digest: Digest): Held {
    const held = this.#held.get(digest)
    if (held) return held
    throw new ExpectedError('BLOB_UNKNOWN', `${this.path}: holds no blob ${digest}`)
  }
}
