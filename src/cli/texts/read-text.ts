import { buffer } from 'node:stream/consumers'
import { ExpectedError, readError } from '../../errors.ts'
import { decodeText, isText } from './input-text.ts'
import { openRegularFile } from './regular-file.ts'

/** Keys, locks, rules and lists of nodes are far smaller; a text beyond has no room in one string. */
const MAX_BYTES = 500 * 1024 * 1024

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

async function readBytes(file: string): Promise<Buffer> {
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
    const stream = handle.createReadStream({ autoClose: false })
    return await buffer(stream).catch((error) => {
      throw readError(file, error, stream.bytesRead)
    })
  } finally {
    await handle.close()
  }
}

/** What messages call an input. */
export function nameOf(file: string): string {
  return file === '-' ? '<stdin>' : file
}
