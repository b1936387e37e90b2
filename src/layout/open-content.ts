import { stat } from 'node:fs/promises'
import { BUNDLE_TABLE } from '../bundle/format/table.ts'
import { ExpectedError, readError } from '../errors.ts'
import type { Content } from '../oci/content/content.ts'
import { beginsAsBundle, readBundle } from './bundle-file.ts'
import { ByteFile } from './files/byte-file.ts'
import { OciLayout } from './oci-layout.ts'
import { indexTar } from './tar/tar-index.ts'

/**
 * Opens whatever holds images: a bundle or its parts, an OCI image layout as a directory or as a tar.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, BUNDLE_INVALID
 */
export async function openContent(path: string): Promise<Content> {
  return (await isDirectory(path)) ? OciLayout.openDirectory(path) : openTar(path)
}

async function openTar(path: string): Promise<Content> {
  const file = await ByteFile.open(path)
  try {
    if (await beginsAsBundle(file)) return await readBundle(file)
    const entries = await indexTar(file)
    if (!entries.has(BUNDLE_TABLE)) return await OciLayout.openTar(file, entries)
    throw new ExpectedError('BUNDLE_INVALID', `${path}: holds ${BUNDLE_TABLE}, but not where a bundle has it`, {
      hint: 'Take the bundle as it was made: another program packed this one anew.',
    })
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Nothing is there: no directory. What cannot be looked at ends the run. @throws {ExpectedError} INPUT_UNREADABLE */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false // or it lies in parts
    throw readError(path, error)
  }
}
