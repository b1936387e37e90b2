import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ExpectedError } from '../errors.ts'
import type { PlannedFile } from '../inventory.ts'
import type { Digest } from '../oci/digest.ts'
import { BlobWriter } from './blob-writer.ts'
import { diskError } from './disk-error.ts'
import { encodeHeader } from './tar-header.ts'

/**
 * A bundle being written. The file has a temporary name beside the final one until `commit`; blobs are written in place,
 * in any order and at the same time. It holds a file handle: end with `commit` or `discard`.
 */
export class BundleWriter {
  readonly path: string
  readonly #partial: string
  readonly #handle: FileHandle
  readonly #planned: ReadonlyMap<Digest, PlannedFile>

  private constructor(path: string, partial: string, handle: FileHandle, files: readonly PlannedFile[]) {
    this.path = path
    this.#partial = partial
    this.#handle = handle
    this.#planned = new Map(files.flatMap((file) => (file.blob ? [[file.blob.digest, file] as const] : [])))
  }

  /**
   * Makes the file at its full size, with every header and every document that is known; the rest is a hole.
   *
   * @throws {ExpectedError} OUTPUT_EXISTS unless forced, DISK_FULL, DISK_ERROR
   */
  static async create(
    path: string,
    { files, size }: { files: readonly PlannedFile[]; size: number },
    { force = false } = {},
  ): Promise<BundleWriter> {
    await checkOutput(path, { force })
    const partial = `${path}.partial`
    const handle = await open(partial, 'w+').catch((error) => {
      throw diskError(partial, error)
    })
    const writer = new BundleWriter(path, partial, handle, files)
    try {
      await handle.truncate(size)
      for (const file of files) await writeHead(handle, file)
      return writer
    } catch (error) {
      await writer.discard()
      throw diskError(partial, error)
    }
  }

  /** Where the bytes of a planned blob go. */
  blob(digest: Digest): BlobWriter {
    const file = this.#planned.get(digest)
    if (!file?.blob) throw new Error(`${digest} is not planned`)
    return new BlobWriter(file.blob, file.offset, { path: this.#partial, handle: this.#handle })
  }

  /** Brings every byte to the disk and gives the file its final name. Call it when every blob has arrived. */
  async commit(): Promise<void> {
    try {
      await this.#handle.sync()
      await this.#handle.close()
      await rename(this.#partial, this.path)
      await syncDirectory(dirname(this.path))
    } catch (error) {
      throw diskError(this.path, error)
    }
  }

  async discard(): Promise<void> {
    await this.#handle.close()
    await rm(this.#partial, { force: true })
  }
}

async function writeHead(handle: FileHandle, { name, size, offset, content }: PlannedFile): Promise<void> {
  const header = await encodeHeader(name, size)
  await handle.write(header, 0, header.length, offset - header.length)
  if (content) await handle.write(content, 0, content.length, offset)
}

/** A rename is on the disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path)
  await directory.sync().finally(() => directory.close())
}

/** Asks before any work is done. @throws {ExpectedError} OUTPUT_EXISTS */
export async function checkOutput(path: string, { force = false }: { force?: boolean }): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  if (force || !isThere) return
  throw new ExpectedError('OUTPUT_EXISTS', `${path}: is there already`, {
    hint: 'Write to another file, or add --force to replace this one.',
  })
}
