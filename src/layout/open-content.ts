import { open, stat } from 'node:fs/promises'
import { BLOCK } from '../bundle/format/tar-header.ts'
import { ExpectedError, readError } from '../errors.ts'
import type { Content } from '../oci/content/content.ts'
import { OciLayout } from './archives/oci-layout.ts'
import { openArchive } from './archives/open-archive.ts'
import { readBundle } from './bundle-file.ts'
import { beginsAsBundle } from './bundle-plan.ts'
import { compressionOf } from './compressed/compression.ts'
import { unpackedFile } from './compressed/unpacked-file.ts'
import { ByteFile } from './files/byte-file.ts'
import { findParts } from './files/part-name.ts'
import { isHeader } from './tar/tar-header.ts'

/**
 * Opens whatever holds images: a bundle or its parts, an OCI image layout as a directory, and what other programs save
 * images as.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, BUNDLE_INVALID, UNSUPPORTED, DISK_FULL, DISK_ERROR
 */
export async function openContent(path: string): Promise<Content> {
  if (await isDirectory(path)) return OciLayout.openDirectory(path)
  return openContentOf(await ByteFile.open(path))
}

/** As {@link openContent}, of a file that is open; it is closed with what is opened, and where that fails. */
export async function openContentOf(file: ByteFile): Promise<Content> {
  const open = [file]
  try {
    if (await beginsAsBundle(file)) return await readBundle(file)
    const unpacked = await unpackedFile(file)
    if (!unpacked) return await openArchive(file)
    open.push(unpacked)
    if (await beginsAsBundle(unpacked)) throw compressedBundle(file)
    const content = await openArchive(unpacked)
    await file.close()
    return content
  } catch (error) {
    for (const one of open) await one.close()
    throw error
  }
}

function compressedBundle({ path }: ByteFile): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: a bundle that somebody compressed`, {
    hint: 'Unpack it first: nodes read bundles as they were made, and the layers in them are compressed already.',
  })
}

/** Whether a file, or the first of its parts, begins as a tar or as something compressed. */
export async function beginsAsArchive(path: string): Promise<boolean> {
  const [first = path] = await findParts(path)
  const handle = await open(first).catch(() => undefined)
  const { buffer, bytesRead = 0 } = (await handle?.read(Buffer.alloc(BLOCK), 0, BLOCK, 0).catch(() => undefined)) ?? {}
  await handle?.close()
  if (!buffer) return false
  return compressionOf(buffer.subarray(0, bytesRead)) !== undefined || (bytesRead === BLOCK && isHeader(buffer))
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
