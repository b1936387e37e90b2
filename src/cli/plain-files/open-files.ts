import { basename } from 'node:path'
import { fileArtifact, type PlainFile } from '../../bundle/files/file-artifact.ts'
import { ExpectedError, readError } from '../../errors.ts'
import { ByteFile } from '../../layout/files/byte-file.ts'
import { MadeContent } from '../../layout/made-content.ts'
import { hashChunks } from '../../oci/digest.ts'
import { criForm } from '../../oci/reference.ts'
import { openRegularFile } from '../texts/regular-file.ts'

/**
 * Files of this machine as content of which each is an artifact under its name. Their names are told by `names` of it.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE; INPUT_INVALID for two of one name, and for a name that no file
 *   should have
 */
export async function openPlainFiles(paths: readonly string[]): Promise<MadeContent> {
  const content = new MadeContent('--file')
  const known = new Map<string, string>()
  try {
    for (const path of paths) {
      const name = basename(path)
      const other = known.get(name)
      if (other !== undefined) throw sameName(path, other)
      known.set(name, path)
      await addFile(content, path, name)
    }
    return content
  } catch (error) {
    await content.close()
    throw error
  }
}

async function addFile(content: MadeContent, path: string, name: string): Promise<void> {
  const handle = await openRegularFile(path).catch((error) => {
    throw readError(path, error)
  })
  const found = await handle.stat()
  const { size, mode } = found
  if (!found.isFile()) {
    await handle.close()
    throw new ExpectedError('INPUT_UNREADABLE', `${path}: is no file, so nobody knows where it ends`, {
      hint: 'Write it into a file first, and name that.',
    })
  }
  const file = ByteFile.ofHandle(path, handle, size)
  try {
    const digest = await hashChunks(file.stream(0, size, { reuse: true }), 'sha256')
    nameFile(content, { name, mode: mode & 0o777, digest, size })
    // Two files with one content are one blob.
    if (content.blobs.has(digest)) await file.close()
    else content.addFile(digest, file)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Adds a file whose content is in memory. @throws {ExpectedError} INPUT_INVALID where another one has its name */
export function addFileOf(content: MadeContent, name: string, bytes: Uint8Array): void {
  nameFile(content, { name, mode: 0o644, digest: content.addBytes(bytes), size: bytes.length })
}

function nameFile(content: MadeContent, file: PlainFile): void {
  const { reference, manifest, documents } = fileArtifact(file)
  const name = criForm(reference)
  if ((content.names.get(name)?.digest ?? manifest.digest) !== manifest.digest)
    throw sameName(file.name, 'another file')
  for (const document of documents) content.addBytes(document)
  content.names.set(name, manifest)
}

function sameName(path: string, other: string): ExpectedError {
  return new ExpectedError('INPUT_INVALID', `${path}: has the same name as ${other}`, {
    hint: 'Files are carried under their own names: give one of them another name.',
  })
}
