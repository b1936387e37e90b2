import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { ExpectedError } from '../errors.ts'
import { cutAtDocuments, decodeText } from './input-text.ts'

/** The text of one input file, or a part of a large one, under the name that messages give it. */
export interface InputText {
  readonly file: string
  readonly text: string
  /** The line of the file at which the text begins, from 1. */
  readonly line: number
}

interface ReadOptions {
  /** Takes the files of a directory that cannot be read, so that the others go on; without it the first one is thrown. */
  readonly onUnreadable?: (file: string, error: ExpectedError) => void
}

const MANIFEST_FILE = /\.(ya?ml|json)$/i

/** Directories that hold no manifests of the user's: version control and installed packages. */
const SKIPPED_DIRECTORIES = /(?:^|[\\/])(?:\.git|node_modules)(?:[\\/]|$)/

/** Read at once; 1 MiB chunks are several times as fast as the 64 KiB that Node takes. */
const CHUNK_BYTES = 1024 * 1024

/**
 * The texts that `INPUT...` names: files as they are, directories with every .yaml, .yml and .json below them in name
 * order, `-` for standard input. Large ones come in parts that end between two documents, so memory stays flat.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE; a missing input before any text.
 */
export async function* readInputs(
  inputs: readonly string[],
  { onUnreadable }: ReadOptions = {},
): AsyncGenerator<InputText> {
  const files: string[] = []
  for (const input of inputs) files.push(...(input === '-' ? ['-'] : await filesOf(input)))
  for (const file of files) {
    try {
      yield* readParts(file)
    } catch (error) {
      if (!onUnreadable || !(error instanceof ExpectedError)) throw error
      onUnreadable(nameOf(file), error)
    }
  }
}

/**
 * The text of one named file, or of standard input for `-`.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function readText(file: string): Promise<string> {
  const bytes = file === '-' ? buffer(process.stdin) : readFile(file)
  return decodeText(
    await bytes.catch((error) => {
      throw inputError(nameOf(file), error)
    }),
    nameOf(file),
  )
}

async function* readParts(file: string): AsyncGenerator<InputText> {
  const name = nameOf(file)
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES })
  const parts = cutAtDocuments(stream, name)
  while (true) {
    // Only reading may fail here: what the consumer of a part throws is not about this file.
    const { value, done } = await parts.next().catch((error) => {
      throw error instanceof ExpectedError ? error : inputError(name, error)
    })
    if (done) return
    yield { file: name, ...value }
  }
}

async function filesOf(input: string): Promise<string[]> {
  try {
    if (!(await stat(input)).isDirectory()) return [input]
    const entries = await readdir(input, { recursive: true, withFileTypes: true })
    const files = entries
      .filter((entry) => MANIFEST_FILE.test(entry.name))
      .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    const wanted: string[] = []
    for (const { entry, path } of files) {
      if (SKIPPED_DIRECTORIES.test(path.slice(input.length))) continue
      if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) wanted.push(path)
    }
    return wanted.sort()
  } catch (error) {
    throw inputError(input, error as NodeJS.ErrnoException)
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => true, // a link that leads nowhere: reading it says so
  )
}

function nameOf(file: string): string {
  return file === '-' ? '<stdin>' : file
}

function inputError(file: string, error: NodeJS.ErrnoException): ExpectedError {
  if (error.code === 'ENOENT') {
    return new ExpectedError('INPUT_NOT_FOUND', `${file}: no such file or directory`, { cause: error })
  }
  return new ExpectedError('INPUT_UNREADABLE', `${file}: cannot be read: ${error.code ?? error.message}`, {
    cause: error,
  })
}
