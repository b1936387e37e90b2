import { mkdir } from 'node:fs/promises'
import type { AttachedDocument } from '../../bundle/attached/describe-attachment.ts'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { ExpectedError, writeError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import { splitDigest } from '../../oci/digest.ts'
import { criForm, parseReference } from '../../oci/reference.ts'
import { extractFile } from '../plain-files/extract-file.ts'

/** The image of a bundle that a reference is. @throws {ExpectedError} REFERENCE_INVALID; INPUT_INVALID for one that is not there */
export function imageNamed(images: readonly LockedImage[], text: string, path: string): LockedImage {
  const reference = parseReference(text)
  const found = images.find(({ names }) => names.includes(criForm(reference)))
  if (found) return found
  throw new ExpectedError('INPUT_INVALID', `${path}: holds no image ${criForm(reference)}`, {
    hint: `See what it holds with: nodeseed inspect ${path}`,
  })
}

/**
 * Writes what is attached to an image into a directory, a file a document: `sbom-<digest>.json`.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS; CONTENT_MISMATCH; BLOB_UNKNOWN; DISK_FULL, DISK_ERROR
 */
export async function extractAttached(
  content: Content,
  attached: readonly AttachedDocument[],
  directory: string,
): Promise<string[]> {
  await mkdir(directory, { recursive: true }).catch((error) => {
    throw writeError(directory, error)
  })
  const written: string[] = []
  for (const document of attached) {
    const { digest, size } = document.blob
    const file = { name: fileNameOf(document), mode: 0o644, digest, size }
    written.push(await extractFile(content, file, { directory, force: false }))
  }
  return written
}

/** A name that nobody else has chosen, so that it leads nowhere else. */
function fileNameOf({ kind, blob }: AttachedDocument): string {
  const isJson = /json/.test(blob.mediaType)
  return `${kind.toLowerCase()}-${splitDigest(blob.digest).hex.slice(0, 12)}${isJson ? '.json' : ''}`
}
