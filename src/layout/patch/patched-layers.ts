import { createHash } from 'node:crypto'
import { patchedLayers, patchFile } from '../../bundle/format/patch-files.ts'
import { ExpectedError, endsRun } from '../../errors.ts'
import type { BlobRange, BlobSizes, BlobState, Content } from '../../oci/content/content.ts'
import { hashBlob } from '../../oci/content/hash-blob.ts'
import { type Digest, splitDigest } from '../../oci/digest.ts'
import { quote } from '../../quote.ts'
import type { BundleFile } from '../bundle-file.ts'
import { UnnamedFile } from '../files/unnamed-file.ts'
import { applyPatch } from './apply-patch.ts'
import type { LayerPatch } from './layer-patch.ts'
import { OpenLayer } from './layer-text.ts'
import { readPatchOf } from './read-patch.ts'

/**
 * The layers that a delta brings as patches, each with the bytes that its registry has: made of the delta and of what is
 * there besides, when somebody asks for them, one at a time.
 */
export class PatchedLayers implements Content {
  readonly path: string
  readonly names = new Map()
  readonly blobs: BlobSizes
  /** Why the first layer could not be made that could not: no other source helps then. */
  problem: ExpectedError | undefined
  readonly #delta: BundleFile
  readonly #patches: ReadonlyMap<Digest, LayerPatch>
  readonly #bases: Content
  readonly #rebuilt = new Map<Digest, Promise<UnnamedFile>>()
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(delta: BundleFile, patches: ReadonlyMap<Digest, LayerPatch>, bases: Content) {
    this.path = delta.path
    this.#delta = delta
    this.#patches = patches
    this.#bases = bases
    this.blobs = new Map([...patches].map(([digest, { layer }]) => [digest, layer]))
  }

  /**
   * @param bases where the layers are that the patches start from; it stays open
   * @throws {ExpectedError} BUNDLE_INVALID for a patch that is none, or whose base is not there; CONTENT_MISMATCH
   */
  static async open(delta: BundleFile, bases: Content): Promise<PatchedLayers> {
    const patches = new Map<Digest, LayerPatch>()
    for (const [layer, { name }] of patchedLayers(delta.table.files)) {
      const patch = await readPatchOf(layer, delta, name)
      if (bases.blobs.get(patch.base.digest)?.size !== patch.base.size) throw withoutBase(delta.path, patch, bases)
      patches.set(layer, patch)
    }
    return new PatchedLayers(delta, patches, bases)
  }

  /**
   * Reads every layer that a patch starts from, before anything is written.
   *
   * @throws {ExpectedError} CONTENT_MISMATCH with the first that is damaged
   */
  async checkBases(): Promise<void> {
    const bases = new Set([...this.#patches.values()].map(({ base }) => base.digest))
    for (const digest of bases) {
      const actual = await hashBlob(this.#bases, digest)
      if (actual === digest) continue
      throw new ExpectedError(
        'CONTENT_MISMATCH',
        `${await this.#holder(digest)}: blob ${digest}, of which ${this.path} makes a layer, is damaged: it hashes to ${actual}`,
        { hint: 'Copy the base again, and check it with: nodeseed verify FILE' },
      )
    }
  }

  async lacking(): Promise<BlobSizes> {
    return new Map()
  }

  async readDocument(digest: Digest): Promise<Uint8Array> {
    throw this.#unknown(digest)
  }

  /** From its start a layer comes as it is made, and fails at its end unless it hashes; any other part comes of the whole. */
  async *openBlob(digest: Digest, { start = 0, end }: BlobRange = {}): AsyncGenerator<Uint8Array> {
    const { layer } = this.#patch(digest)
    if (start === 0 && (end ?? layer.size) >= layer.size && !this.#rebuilt.has(digest)) {
      const done = await this.#takeTurn()
      try {
        yield* this.#made(digest)
      } finally {
        done()
      }
      return
    }
    const file = await this.#file(digest)
    const last = Math.min(end ?? layer.size, layer.size)
    for (let at = start; at < last; at += 1 << 20) yield file.read(at, Math.min(1 << 20, last - at))
  }

  async readInto(digest: Digest, buffer: Uint8Array, position: number): Promise<number> {
    const bytes = (await this.#file(digest)).read(position, buffer.length)
    buffer.set(bytes)
    return bytes.length
  }

  async stateOf(digest: Digest): Promise<BlobState> {
    return this.#bases.stateOf(this.#patch(digest).base.digest)
  }

  async close(): Promise<void> {
    for (const file of this.#rebuilt.values()) await file.then((open) => open.close()).catch(() => {})
  }

  async *#made(digest: Digest): AsyncGenerator<Uint8Array> {
    const patch = this.#patch(digest)
    const { algorithm, hex } = splitDigest(digest)
    const hash = createHash(algorithm)
    let left = patch.layer.size
    const { base } = patch
    const path = await this.#holder(base.digest)
    let [opened, file]: [OpenLayer?, UnnamedFile?] = []
    try {
      file = await UnnamedFile.of(this.#delta.openFile(patchFile(digest)))
      opened = await OpenLayer.open({ ...base, path, open: () => this.#bases.openBlob(base.digest) })
      for await (const bytes of applyPatch({ patch, file, base: opened }, this.path)) {
        left -= bytes.length
        if (left < 0) throw wrongPatch(this.path, digest)
        hash.update(bytes)
        yield bytes
      }
      if (hash.digest('hex') !== hex) throw wrongPatch(this.path, digest)
    } catch (error) {
      if (error instanceof ExpectedError && !endsRun(error)) this.problem ??= error
      throw error
    } finally {
      await opened?.close()
      await file?.close()
    }
  }

  /** The file that has a base. */
  async #holder(base: Digest): Promise<string> {
    return (await this.#bases.stateOf(base)).path
  }

  #file(digest: Digest): Promise<UnnamedFile> {
    let file = this.#rebuilt.get(digest)
    if (!file) {
      file = this.#rebuild(digest)
      this.#rebuilt.set(digest, file)
      // What the disk says may pass.
      file.catch(() => this.#rebuilt.delete(digest))
    }
    return file
  }

  async #rebuild(digest: Digest): Promise<UnnamedFile> {
    const done = await this.#takeTurn()
    try {
      return await UnnamedFile.of(this.#made(digest))
    } finally {
      done()
    }
  }

  /** One layer at a time: each takes memory for its windows and the text around it. */
  async #takeTurn(): Promise<() => void> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    return resolve
  }

  #patch(digest: Digest): LayerPatch {
    const patch = this.#patches.get(digest)
    if (patch) return patch
    throw this.#unknown(digest)
  }

  #unknown(digest: Digest): ExpectedError {
    return new ExpectedError('BLOB_UNKNOWN', `${this.path}: brings no patch for blob ${digest}`)
  }
}

function withoutBase(path: string, { layer, base }: LayerPatch, bases: Content): ExpectedError {
  const others = bases.path.split(', ').filter((other) => other !== path)
  const where = others.length > 0 ? `which is not in ${others.join(', ')}` : 'and no other file is named'
  return new ExpectedError('BUNDLE_INVALID', `${path}: makes layer ${layer.digest} of ${base.digest}, ${where}`, {
    hint: `Name the bundle that it was made against first, or make one of both: nodeseed merge BASE ${quote(path)} -o FILE`,
  })
}

function wrongPatch(path: string, layer: Digest): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: the patch of layer ${layer} makes other bytes`, {
    hint: 'Get the delta again from where it was made; if it is as it was made there, make it with --patch=off.',
  })
}
