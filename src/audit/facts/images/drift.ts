import type { LockedImage } from '../../../bundle/format/lock.ts'
import type { ImageListing, ListedImage } from './node-images.ts'

/**
 * What a name leads to on a node, where that is something else than in the bundle; undefined where it is the same, or
 * where the node does not tell.
 */
export function driftedDigest(name: string, listing: ImageListing, locked: LockedImage): string | undefined {
  const listed = listing.byName.get(name)
  if (!listed || name.includes('@')) return undefined
  const repository = repositoryOf(name)
  const digests = digestsOfName(name, listed)
  // A runtime may tell the digest of the index, of an index inside, or of the manifest for its platform.
  const expected = [
    locked.target.digest,
    ...(locked.indexes ?? []).map(({ digest }) => digest),
    ...locked.platforms.map(({ manifest }) => manifest.digest),
  ]
  if (expected.some((digest) => digests.includes(digest))) return undefined
  // Whoever gives the name to another image leaves the digest where it was. One image is listed once, under all its names.
  const own = expected.map((digest) => listing.byName.get(`${repository}@${digest}`))
  const isElsewhere = own.some((image) => image !== undefined && image !== listed)
  return digests[0] ?? (isElsewhere ? (digestsIn(listed)[0] ?? 'another image') : undefined)
}

/** What a tag leads to, as far as a list tells: those among its image's names of its repository, and those it is known by. */
export function digestsOfName(name: string, listed: ListedImage): string[] {
  return [...digestsIn(listed, repositoryOf(name)), ...(listed.digests ?? [])]
}

function repositoryOf(name: string): string {
  return name.slice(0, name.lastIndexOf(':'))
}

/** Those among its names, of one repository or of all. */
function digestsIn({ names }: ListedImage, repository?: string): string[] {
  return names.flatMap((name) => {
    const at = name.indexOf('@')
    return at > 0 && name.slice(0, at) === (repository ?? name.slice(0, at)) ? [name.slice(at + 1)] : []
  })
}
