import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { ExpectedError, writeError } from '../../errors.ts'
import { ByteFile } from '../files/byte-file.ts'
import { openUnnamed } from '../files/unnamed-file.ts'
import { indexTar, onlyFiles, type TarEntry } from '../tar/tar-index.ts'

/** Bytes: helm itself takes no chart that is larger than 100 MiB unpacked. */
const MAX_BYTES = 128 * 1024 * 1024
const MAX_FILES = 20_000

/**
 * Files that are packed as tar.gz: a chart, the manifests of a Flux artifact. Names are safe and there are no links, so
 * that it may be unpacked into any directory. It holds a file handle: close it.
 */
export class PackedTree {
  readonly #file: ByteFile
  readonly #entries: ReadonlyMap<string, TarEntry>

  private constructor(file: ByteFile, entries: ReadonlyMap<string, TarEntry>) {
    this.#file = file
    this.#entries = entries
  }

  /**
   * @param path the name that people know it by
   * @throws {ExpectedError} BUNDLE_INVALID for what is no tar.gz, grows beyond all bounds, or holds links, devices, or names
   *   that lead out of it
   */
  static async open(packed: Uint8Array, path: string): Promise<PackedTree> {
    const bytes = await unpacked(packed, path)
    const handle = await openUnnamed()
    const file = ByteFile.ofHandle(path, handle, bytes.length)
    try {
      await handle.writeFile(bytes).catch((error) => {
        throw writeError(tmpdir(), error)
      })
      const entries = onlyFiles(file, await indexTar(file))
      if (entries.size > MAX_FILES) throw tooMuch(path, `more than ${MAX_FILES} files`)
      return new PackedTree(file, entries)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The paths of its files. */
  get names(): readonly string[] {
    return [...this.#entries.keys()]
  }

  /** The content of a file; undefined where there is none of that name. */
  async read(name: string): Promise<Buffer | undefined> {
    const entry = this.#entries.get(name)
    return entry && this.#file.read(entry.offset, entry.size)
  }

  /** Writes files into a directory that is there and empty, for this user alone; all but those that are left out. */
  async unpackTo(directory: string, isLeftOut: (name: string) => boolean = () => false): Promise<void> {
    for (const name of this.#entries.keys()) {
      if (isLeftOut(name)) continue
      const path = join(directory, name)
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writeFile(path, (await this.read(name)) ?? '', { flag: 'wx', mode: 0o600 })
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

async function unpacked(packed: Uint8Array, path: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: MAX_BYTES })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooMuch(path, `more than ${MAX_BYTES / 1024 / 1024} MiB`)
    throw new ExpectedError('BUNDLE_INVALID', `${path}: cannot be unpacked: ${message}`, { cause })
  }
}

function tooMuch(path: string, what: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: unpacks to ${what}`, {
    hint: 'No chart is that large: get it again from where it was made.',
  })
}
