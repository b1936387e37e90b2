import { join } from 'node:path'
import { writeError } from '../errors.ts'
import { StagedOutput, writeNew } from './staged-output.ts'

/** A file of a directory that is written as a whole; `path` is relative, with `/`. */
interface DirectoryFile {
  readonly path: string
  readonly content: string
  readonly executable?: boolean
}

/**
 * Writes a directory of files at once: under its final name are all files or none, the old or the new. With `force` what
 * an earlier run wrote there is replaced, and nothing else.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS, DISK_ERROR, DISK_FULL
 */
export async function writeOutputDirectory(
  directory: string,
  files: readonly DirectoryFile[],
  { force }: { force: boolean },
): Promise<void> {
  const output = await StagedOutput.begin(directory, { force })
  try {
    for (const { path, content, executable } of files) {
      await writeNew(join(output.path, path), content, executable ? 0o777 : 0o666)
    }
    await output.commit()
  } catch (error) {
    await output.abandon()
    throw writeError(directory, error)
  }
}
