import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ExpectedError, readError } from '../../errors.ts'
import type { BlobRange, BlobSizes, BlobState, Content } from '../../oci/content/content.ts'
import { inFile } from '../../oci/content/damaged-file.ts'
import { blobName, namesInIndex } from '../../oci/content/image-layout.ts'
import type { ImageNames, UnnamedEntry } from '../../oci/content/image-names.ts'
import { lackingBelow } from '../../oci/content/lacking.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, isContentOf, isDigest } from '../../oci/digest.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { type ByteFile, CHUNK, MAX_DOCUMENT_BYTES } from '../files/byte-file.ts'
import { versionOf } from '../files/file-version.ts'
import type { TarEntry } from '../tar/tar-index.ts'

/** The files of a layout, wherever they lie. */
interface LayoutFiles {
  readonly path: string
  /** Sizes in bytes, by the path below the layout. */
  readonly files: ReadonlyMap<string, { readonly size: number }>
  open(name: string, start: number, end: number, reuse: boolean): AsyncIterable<Uint8Array>
  readInto(name: string, buffer: Uint8Array, position: number): Promise<number>
  version(name: string): Promise<string>
  close(): Promise<void>
}

/** An OCI image layout of any origin, as a directory or as a tar. */
export class OciLayout implements Content {
  readonly path: string
  readonly names: ReadonlyMap<string, Descriptor>
  readonly blobs: BlobSizes
  readonly #source: LayoutFiles

  readonly unnamed: readonly UnnamedEntry[]
  readonly caveats: readonly string[]

  private constructor(source: LayoutFiles, { names, unnamed }: ImageNames) {
    this.path = source.path
    this.names = names
    this.unnamed = unnamed
    const isSaved = source.files.has('manifest.json') && source.files.has('oci-layout')
    this.caveats = [isSaved ? SAVED : UNSIGNED]
    this.blobs = blobsAmong(source.files)
    this.#source = source
  }

  /** @throws {ExpectedError} BUNDLE_INVALID when it is no layout, INPUT_UNREADABLE */
  static async openDirectory(path: string): Promise<OciLayout> {
    const source = await directoryFiles(path)
    if (!source.files.has('oci-layout')) throw noLayout(path)
    return OciLayout.#open(source)
  }

  /**
   * Takes the tar over: it is closed with the layout. Annotations besides those that every layout has may name images.
   *
   * @throws {ExpectedError} BUNDLE_INVALID when it is no layout
   */
  static async openTar(
    file: ByteFile,
    entries: ReadonlyMap<string, TarEntry>,
    nameKeys: readonly string[] = [],
  ): Promise<OciLayout> {
    return OciLayout.#open(tarFiles(file, entries), nameKeys)
  }

  static async #open(source: LayoutFiles, nameKeys: readonly string[] = []): Promise<OciLayout> {
    const index = source.files.get('index.json')
    if (!index) throw noLayout(source.path)
    const bytes = await read(source, 'index.json')
    try {
      return new OciLayout(source, namesInIndex(bytes, `${source.path}, index.json`, nameKeys))
    } catch (error) {
      throw inFile(error)
    }
  }

  lacking(): Promise<BlobSizes> {
    return lackingBelow(this)
  }

  async readDocument(digest: Digest): Promise<Uint8Array> {
    this.#find(digest)
    const bytes = await read(this.#source, blobName(digest))
    if (isContentOf(digest, bytes)) return bytes
    throw new ExpectedError('CONTENT_MISMATCH', `${this.path}: blob ${digest} is damaged`, {
      hint: 'Copy the layout again from where it was made.',
    })
  }

  openBlob(digest: Digest, { start = 0, end, reuse = false }: BlobRange = {}): AsyncIterable<Uint8Array> {
    const size = this.#find(digest)
    return this.#source.open(blobName(digest), start, Math.min(end ?? size, size), reuse)
  }

  async readInto(digest: Digest, buffer: Uint8Array, position: number): Promise<number> {
    const size = this.#find(digest)
    return this.#source.readInto(blobName(digest), buffer.subarray(0, Math.max(size - position, 0)), position)
  }

  async stateOf(digest: Digest): Promise<BlobState> {
    this.#find(digest)
    return { path: this.path, version: await this.#source.version(blobName(digest)) }
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  #find(digest: Digest): number {
    const blob = this.blobs.get(digest)
    if (blob) return blob.size
    throw new ExpectedError('BLOB_UNKNOWN', `${this.path}: holds no blob ${digest}`)
  }
}

const UNSIGNED = 'an OCI image layout: nothing in it says who made it, nor whether a registry has the same digests'
const SAVED = `${UNSIGNED}; what docker saves from its own store has digests that no registry has, so pods that name a registry's digest do not find it`

function noLayout(path: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: neither a bundle nor an OCI image layout`, {
    hint: 'Name a bundle, or a directory that holds an oci-layout and an index.json.',
  })
}

function blobsAmong(files: LayoutFiles['files']): BlobSizes {
  const blobs = new Map<Digest, { readonly size: number }>()
  for (const [name, { size }] of files) {
    const [root, algorithm, hex, rest] = name.split('/')
    const digest = `${algorithm}:${hex}`
    if (root === 'blobs' && rest === undefined && isDigest(digest)) blobs.set(digest, { size })
  }
  return blobs
}

async function read({ path, files, readInto }: LayoutFiles, name: string): Promise<Uint8Array> {
  const { size = 0 } = files.get(name) ?? {}
  if (size > MAX_DOCUMENT_BYTES) {
    throw new ExpectedError(
      'BUNDLE_INVALID',
      `${path}: ${name} has ${formatBytes(size)}, more than a document may have`,
    )
  }
  const bytes = new Uint8Array(size)
  for (let filled = 0; filled < size; ) filled += await readInto(name, bytes.subarray(filled), filled)
  return bytes
}

function tarFiles(file: ByteFile, entries: ReadonlyMap<string, TarEntry>): LayoutFiles {
  const placeOf = (name: string) => entries.get(name)?.offset ?? 0
  return {
    path: file.path,
    files: entries,
    open: (name, start, end, reuse) => file.stream(placeOf(name) + start, placeOf(name) + end, { reuse }),
    readInto: (name, buffer, position) => file.readInto(buffer, placeOf(name) + position),
    version: (name) => file.version(placeOf(name), placeOf(name) + (entries.get(name)?.size ?? 0)),
    close: () => file.close(),
  }
}

async function directoryFiles(path: string): Promise<LayoutFiles> {
  const files = new Map<string, { readonly size: number }>()
  for (const name of ['oci-layout', 'index.json', ...(await blobsBelow(path))]) {
    const found = await stat(join(path, name)).catch(() => undefined)
    if (found?.isFile()) files.set(name, { size: found.size })
  }
  return {
    path,
    files,
    open: (name, start, end) =>
      // Both ends count for a read stream, so nothing cannot be asked for.
      end > start ? createReadStream(join(path, name), { start, end: end - 1, highWaterMark: CHUNK }) : NOTHING,
    async readInto(name, buffer, position) {
      const handle = await open(join(path, name)).catch((error) => {
        throw readError(join(path, name), error)
      })
      const reading = handle.read(buffer, 0, buffer.length, position).catch((error) => {
        throw readError(join(path, name), error, position)
      })
      const { bytesRead } = await reading.finally(() => handle.close())
      if (bytesRead > 0 || buffer.length === 0) return bytesRead
      throw new ExpectedError('BUNDLE_INVALID', `${join(path, name)}: ends after ${position} bytes`)
    },
    async version(name) {
      return versionOf(async () => [await stat(join(path, name), { bigint: true })]).catch((error) => {
        throw readError(join(path, name), error)
      })
    },
    close: async () => {},
  }
}

const NOTHING: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: async function* () {} }

async function blobsBelow(path: string): Promise<string[]> {
  const algorithms = await readdir(join(path, 'blobs')).catch(() => [])
  const names = algorithms.map(async (algorithm) => {
    const found = await readdir(join(path, 'blobs', algorithm)).catch(() => [])
    return found.map((name) => `blobs/${algorithm}/${name}`)
  })
  return (await Promise.all(names)).flat()
}
