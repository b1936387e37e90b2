import type { LockedImage } from '../../../bundle/format/lock.ts'
import type { ListedImage } from './node-images.ts'

/**
 * What a name leads to on a node, where that is something else than in the bundle; undefined where it is the same, or
 * where the node does not tell.
 */
export function driftedDigest(name: string, listed: ListedImage, locked: LockedImage): string | undefined {
  if (name.includes('@')) return undefined
  const repository = name.slice(0, name.lastIndexOf(':'))
  const named = listed.names.filter((other) => other.startsWith(`${repository}@`))
  const digests = [...named.map((other) => other.slice(repository.length + 1)), ...(listed.digests ?? [])]
  // A runtime may tell the digest of the index, of an index inside, or of the manifest for its platform.
  const expected = [
    locked.target.digest,
    ...(locked.indexes ?? []).map(({ digest }) => digest),
    ...locked.platforms.map(({ manifest }) => manifest.digest),
  ]
  return expected.some((digest) => digests.includes(digest)) ? undefined : digests[0]
}
