import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ExpectedError } from '../errors.ts'

/** The text of one input file, under the name that messages give it. */
export interface InputText {
  readonly file: string
  readonly text: string
}

const MANIFEST_FILE = /\.(ya?ml|json)$/i

/**
 * The texts that `INPUT...` names: files as they are, directories with every .yaml, .yml and .json below them in name
 * order, `-` for standard input.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function* readInputs(inputs: readonly string[]): AsyncGenerator<InputText> {
  for (const input of inputs) {
    if (input === '-') yield { file: '<stdin>', text: await text(process.stdin) }
    else for (const file of await filesOf(input)) yield { file, text: await readText(file) }
  }
}

/**
 * The text of one named file, or of standard input for `-`.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function readText(file: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  return readFile(file, 'utf8').catch((error) => {
    throw inputError(file, error)
  })
}

async function filesOf(input: string): Promise<string[]> {
  try {
    if (!(await stat(input)).isDirectory()) return [input]
    const entries = await readdir(input, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile() && MANIFEST_FILE.test(entry.name))
    return files.map((entry) => join(entry.parentPath, entry.name)).sort()
  } catch (error) {
    throw inputError(input, error as NodeJS.ErrnoException)
  }
}

function inputError(file: string, error: NodeJS.ErrnoException): ExpectedError {
  if (error.code === 'ENOENT') {
    return new ExpectedError('INPUT_NOT_FOUND', `${file}: no such file or directory`, { cause: error })
  }
  return new ExpectedError('INPUT_UNREADABLE', `${file}: cannot be read: ${error.code ?? error.message}`, {
    cause: error,
  })
}
