import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { readError } from '../../errors.ts'
import { decodeText } from './input-text.ts'

/**
 * The text of one named file, or of standard input for `-`.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function readText(file: string): Promise<string> {
  const bytes = file === '-' ? buffer(process.stdin) : readFile(file)
  return decodeText(
    await bytes.catch((error) => {
      throw readError(nameOf(file), error)
    }),
    nameOf(file),
  )
}

/** What messages call an input. */
export function nameOf(file: string): string {
  return file === '-' ? '<stdin>' : file
}
