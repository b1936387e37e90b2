import { ExpectedError } from '../../../errors.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import type { Digest } from '../../../oci/digest.ts'
import { type Index, type Manifest, parseManifest } from '../../../oci/manifest.ts'
import { formatReference, type Reference } from '../../../oci/reference.ts'

/** Where images are looked up. */
export interface ImageSource {
  /** With `isWhole` by the document itself, where what was said of it without it turned out to be wrong. */
  resolve(reference: Reference, options?: { readonly isWhole?: boolean }): Promise<Descriptor>
  readDocument(repository: Reference, descriptor: Descriptor): Promise<Uint8Array>
}

/** Documents by digest, each fetched once however many images share it. */
export class Documents {
  readonly read = new Map<Digest, Uint8Array>()
  readonly #source: ImageSource
  readonly #pending = new Map<Digest, Promise<Uint8Array>>()

  constructor(source: ImageSource) {
    this.#source = source
  }

  get(reference: Reference, descriptor: Descriptor): Promise<Uint8Array> {
    const known = this.#pending.get(descriptor.digest)
    if (known) return known
    const reading = this.#source.readDocument(reference, descriptor).then((bytes) => {
      this.read.set(descriptor.digest, bytes)
      return bytes
    })
    this.#pending.set(descriptor.digest, reading)
    return reading
  }

  async parse(reference: Reference, descriptor: Descriptor): Promise<Manifest | Index> {
    const where = `${formatReference(reference)}, ${descriptor.digest}`
    return parseManifest(await this.get(reference, descriptor), descriptor.mediaType, where)
  }

  /** What a document is by its bytes, whatever type and size a header or a list gave it. */
  async describe(reference: Reference, descriptor: Descriptor): Promise<Descriptor> {
    const { mediaType } = await this.parse(reference, descriptor)
    const { byteLength } = await this.get(reference, descriptor)
    return { mediaType, digest: descriptor.digest, size: byteLength }
  }

  /** @throws {ExpectedError} CONTENT_MISMATCH where the descriptor promised what the document is not. */
  async parseIndex(reference: Reference, descriptor: Descriptor): Promise<Index> {
    const document = await this.parse(reference, descriptor)
    if (document.kind === 'index') return document
    throw new ExpectedError('CONTENT_MISMATCH', `${formatReference(reference)}: ${descriptor.digest} is no index`)
  }

  /** @throws {ExpectedError} CONTENT_MISMATCH where the descriptor promised what the document is not. */
  async parseImage(reference: Reference, descriptor: Descriptor): Promise<Manifest> {
    const document = await this.parse(reference, descriptor)
    if (document.kind === 'manifest') return document
    throw new ExpectedError('CONTENT_MISMATCH', `${formatReference(reference)}: ${descriptor.digest} is no manifest`)
  }
}
