import { blobsOf } from '../../bundle/format/lock.ts'
import { ExpectedError } from '../../errors.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import { beginsAsArchive, isDirectory, openContent } from '../../layout/open-content.ts'
import { type Digest, isDigest } from '../../oci/digest.ts'
import { findText } from '../texts/read-text.ts'
import { findLock } from './lock-file.ts'

/**
 * The blobs that whoever has this file's content holds: a bundle or another archive, a lock, or any text with digests in it, such as the
 * output of `ctr -n k8s.io content ls` on a node.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID, BUNDLE_INVALID
 */
export async function readKnownBlobs(path: string): Promise<Set<Digest>> {
  if (path !== '-' && ((await beginsAsArchive(path)) || (await isDirectory(path)))) {
    const content = await openContent(path)
    // A delta came to somebody who had what it requires; what another archive lacks, nobody had.
    const requires = content instanceof BundleFile ? await content.lacking() : new Map()
    await content.close()
    return new Set([...content.blobs.keys(), ...requires.keys()])
  }
  const text = (await findText(path)) ?? ''
  const lock = findLock(text, path)
  if (lock) return new Set(lock.images.flatMap(blobsOf).map(({ digest }) => digest))
  const found: string[] = text.match(/\bsha256:[0-9a-f]{64}\b/g) ?? []
  const digests = found.filter(isDigest)
  if (digests.length > 0) return new Set(digests)
  throw new ExpectedError('BUNDLE_INVALID', `${path}: neither a bundle, nor a lock, nor a list of digests`, {
    hint: 'On a node, list what it holds with: ctr -n k8s.io content ls',
  })
}
