import { type FileHandle, stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { ExpectedError, readError } from '../../errors.ts'
import { decodeText, isText } from './input-text.ts'
import { openRegularFile } from './regular-file.ts'

/** Keys, locks, rules and lists of nodes are far smaller; a text beyond has no room in one string. */
const MAX_BYTES = 500 * 1024 * 1024
const MIN_BYTES = 64 * 1024

/**
 * The text of one named file, or of standard input for `-`.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function readText(file: string): Promise<string> {
  return decodeText(await readBytes(file), nameOf(file))
}

/** The same, for a file that may be something else; undefined for what is no text. */
export async function findText(file: string): Promise<string | undefined> {
  const bytes = await readBytes(file)
  return isText(bytes) ? decodeText(bytes, nameOf(file)) : undefined
}

/** Whether a file of a disk begins as an object of JSON does; what can be read once only is left alone. */
export async function beginsAsObject(file: string): Promise<boolean> {
  const handle = (await isFile(file)) ? await openRegularFile(file) : undefined
  try {
    const { buffer: bytes, bytesRead } = (await handle?.read(Buffer.alloc(64), 0, 64, 0)) ?? { bytesRead: 0 }
    return /^(?:\ufeff)?\s*\{/.test(bytes?.toString('utf8', 0, bytesRead) ?? '')
  } finally {
    await handle?.close()
  }
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  )
}

/** The bytes of the same. */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return file === '-' ? await buffer(process.stdin) : await readNamed(file)
  } catch (error) {
    throw readError(nameOf(file), error)
  }
}

async function readNamed(file: string): Promise<Buffer> {
  const handle = await openRegularFile(file)
  try {
    const { size } = await handle.stat()
    if (size > MAX_BYTES) throw new ExpectedError('INPUT_UNREADABLE', `${file}: is larger than 500 MiB`)
    return await readWhole(handle, size, file)
  } finally {
    await handle.close()
  }
}

/** Into one buffer of the size that the file says, or more where that is wrong: a pipe has none, a file may grow. */
async function readWhole(handle: FileHandle, size: number, file: string): Promise<Buffer> {
  let bytes = Buffer.allocUnsafe(Math.max(size, MIN_BYTES) + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(bytes, length).catch((error) => {
      throw readError(file, error, length)
    })
    if (bytesRead === 0) return bytes.subarray(0, length)
    length += bytesRead
    if (length === bytes.length) bytes = Buffer.concat([bytes], 2 * length)
  }
}

/** What messages call an input. */
export function nameOf(file: string): string {
  return file === '-' ? '<stdin>' : file
}
