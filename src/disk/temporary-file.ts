import { constants, rmSync, type Stats } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { onEarlyEnd } from '../early-end.ts'
import { ExpectedError } from '../errors.ts'
import { newNameBeside } from './own-name.ts'

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants

/** A complete file beside its target, on the disk, under a name that nobody foresees. It goes when the process ends. */
export class TemporaryFile {
  readonly path: string
  readonly #forget: () => void

  private constructor(path: string, forget: () => void) {
    this.path = path
    this.#forget = forget
  }

  /**
   * Writes the content. With `like` it gets the permissions and the owner of that file, else `mode` as far as the umask
   * of the process lets it.
   *
   * @throws {ExpectedError} DISK_ERROR where the owner cannot be kept; what the system says
   */
  static async write(
    target: string,
    content: string | Uint8Array,
    { mode, like }: { mode: number; like: Stats | undefined },
  ): Promise<TemporaryFile> {
    const path = newNameBeside(target, 'tmp')
    const forget = onEarlyEnd(() => rmSync(path, { force: true }))
    const file = new TemporaryFile(path, forget)
    try {
      const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, like ? 0o600 : mode)
      try {
        await writeAll(handle, content)
        if (like) await beLike(handle, like, target)
        await handle.sync()
      } finally {
        await handle.close()
      }
      return file
    } catch (error) {
      await file.remove()
      throw error
    }
  }

  /** Takes the place of the target, whatever is there. */
  async replace(target: string): Promise<void> {
    await rename(this.path, target)
    this.#forget()
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true })
    this.#forget()
  }
}

/** Writes a whole file from its start. */
export async function writeAll(handle: FileHandle, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, done)).bytesWritten
  }
}

async function beLike(handle: FileHandle, like: Stats, target: string): Promise<void> {
  const { uid, gid } = await handle.stat()
  if (uid !== like.uid || gid !== like.gid) {
    await handle.chown(like.uid, like.gid).catch((cause) => {
      throw notOwned(target, like, cause)
    })
  }
  // After the owner: a change of owner takes bits away.
  await handle.chmod(like.mode & 0o7777)
}

/** Brings names to the disk: a rename is there only when its directory is. */
export async function syncDirectoryOf(path: string): Promise<void> {
  const handle = await open(dirname(path))
  await handle
    .sync()
    .catch((error: NodeJS.ErrnoException) => {
      // Some file systems have no such thing.
      if (error.code !== 'EINVAL' && error.code !== 'ENOTSUP') throw error
    })
    .finally(() => handle.close())
}

/** The failure where a file of others would become this user's. */
export function notOwned(file: string, { uid, gid }: Stats, cause?: unknown): ExpectedError {
  const problem = `belongs to user ${uid}, group ${gid}, and this user cannot write a file of theirs`
  return new ExpectedError('DISK_ERROR', `${file}: ${problem}`, {
    hint: 'Run this as that user, or write to another file.',
    cause,
  })
}
