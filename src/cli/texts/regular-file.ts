import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { ExpectedError } from '../../errors.ts'

/** What the shell hands down by name, such as `<(helm template x)`, is the user's own pipe, as standard input is. */
const HANDED_DOWN = /^(?:\/dev\/(?:fd\/\d+|stdin)|\/proc\/self\/fd\/\d+)$/

/**
 * Opens a file for reading, unless it is one that may never end or change the machine by being read. It is looked at
 * before it is opened, since opening a device can do something, and again after, since it may be another by then.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE saying what it is; rejects with what the file system says.
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  if (HANDED_DOWN.test(path)) return open(path, constants.O_RDONLY)
  refuseUnlessRegular(path, await stat(path))
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    refuseUnlessRegular(path, await handle.stat())
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** @throws {ExpectedError} INPUT_UNREADABLE for what is no file; INPUT_UNREADABLE for a directory where a file is wanted. */
function refuseUnlessRegular(path: string, found: Stats): void {
  const what = kindOf(found)
  if (what === undefined) return
  throw new ExpectedError('INPUT_UNREADABLE', `${path}: is ${what}, not a file`, {
    hint: 'Name a file; or pass what a program prints to standard input, and name it -.',
  })
}

/** What something on the disk is, for people; undefined for a file. */
export function kindOf(found: Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>): string | undefined {
  if (found.isFile()) return undefined
  if (found.isDirectory()) return 'a directory'
  if (found.isFIFO()) return 'a named pipe'
  return found.isSocket() ? 'a socket' : 'a device'
}
