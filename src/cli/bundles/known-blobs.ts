import { blobsOf, type Lock } from '../../bundle/format/lock.ts'
import { ExpectedError } from '../../errors.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import { beginsAsArchive, isDirectory, openContent } from '../../layout/open-content.ts'
import type { LackingBlobs } from '../../oci/content/content.ts'
import { type Digest, isDigest } from '../../oci/digest.ts'
import { parseReference, repositoryName } from '../../oci/reference.ts'
import { findText } from '../texts/read-text.ts'
import { findLock } from './lock-file.ts'

/** What a receiver has, and in which repository, where that is known. */
export interface KnownBlobs {
  readonly without: ReadonlySet<Digest>
  readonly homes: ReadonlyMap<Digest, string>
}

/**
 * The blobs that whoever has the content of all these files holds.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID, BUNDLE_INVALID
 */
export async function readKnownBlobs(paths: readonly string[]): Promise<KnownBlobs> {
  const without = new Set<Digest>()
  const homes = new Map<Digest, string>()
  for (const path of paths) {
    const known = await readKnownIn(path)
    for (const digest of known.without) without.add(digest)
    for (const [digest, home] of known.homes) homes.set(digest, home)
  }
  return { without, homes }
}

/**
 * What one file says of blobs: a bundle or another archive, a lock, or any text with digests in it, such as the
 * output of `ctr -n k8s.io content ls` on a node.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID, BUNDLE_INVALID
 */
async function readKnownIn(path: string): Promise<KnownBlobs> {
  if (path !== '-' && ((await beginsAsArchive(path)) || (await isDirectory(path)))) {
    const content = await openContent(path)
    // A delta came to somebody who had what it requires; what another archive lacks, nobody had.
    const requires = content instanceof BundleFile ? await content.lacking() : NOTHING
    await content.close()
    const carried = Array.from(requires, ([digest, { from }]) => [digest, from] as const)
    const known = content instanceof BundleFile ? homesIn(content.lock) : new Map<Digest, string>()
    for (const [digest, from] of carried) if (from !== undefined) known.set(digest, from)
    return { without: new Set([...content.blobs.keys(), ...requires.keys()]), homes: known }
  }
  const text = (await findText(path)) ?? ''
  const lock = findLock(text, path)
  if (lock) {
    const homes = homesIn(lock)
    return { without: new Set(homes.keys()), homes }
  }
  const found: string[] = text.match(/\bsha256:[0-9a-f]{64}\b/g) ?? []
  const digests = found.filter(isDigest)
  if (digests.length > 0) return { without: new Set(digests), homes: new Map() }
  throw new ExpectedError('BUNDLE_INVALID', `${path}: neither a bundle, nor a lock, nor a list of digests`, {
    hint: 'On a node, list what it holds with: ctr -n k8s.io content ls',
  })
}

const NOTHING: LackingBlobs = new Map()

/** The repository of the first image that has each blob. */
function homesIn({ images }: Lock): Map<Digest, string> {
  const homes = new Map<Digest, string>()
  for (const image of images) {
    const repository = repositoryName(parseReference(image.reference))
    for (const { digest } of blobsOf(image)) if (!homes.has(digest)) homes.set(digest, repository)
  }
  return homes
}
