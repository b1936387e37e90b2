import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, stat, statfs } from 'node:fs/promises'
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
  if (KERNEL_FILE_SYSTEMS.has((await statfs(path)).type)) refuse(path, 'a file of the kernel, not one of a disk')
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
  if (what !== undefined) refuse(path, `${what}, not a file`)
}

function refuse(path: string, what: string): never {
  throw new ExpectedError('INPUT_UNREADABLE', `${path}: is ${what}`, {
    hint: 'Name a file; or pass what a program prints to standard input, and name it -.',
  })
}

/**
 * Where reading asks the kernel or changes it, may never end or fail in ways that look like a broken disk (/proc/self/mem):
 * proc, sysfs, debugfs, tracefs, cgroup, cgroup2, securityfs, bpf, pstore, configfs, devpts, selinuxfs.
 * https://man7.org/linux/man-pages/man2/statfs.2.html
 */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  ...[0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x27e0eb, 0x63677270, 0x73636673, 0xcafe4a11, 0x6165676c],
  ...[0x62656570, 0x1cd1, 0xf97cff8c],
])

/** What something on the disk is, for people; undefined for a file. */
export function kindOf(found: Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>): string | undefined {
  if (found.isFile()) return undefined
  if (found.isDirectory()) return 'a directory'
  if (found.isFIFO()) return 'a named pipe'
  return found.isSocket() ? 'a socket' : 'a device'
}
