import { isDeepStrictEqual } from 'node:util'
import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { artifactTypeOf, childrenOf, parseManifest } from '../../oci/manifest.ts'
import { isIndexType } from '../../oci/media-type.ts'
import type { LockedImage, Sibling } from '../format/lock.ts'

/** A manifest as a lock says it, with what it is of. */
interface Said extends Sibling {
  readonly artifactType?: string
}

/** Reads a manifest or an index, hashed. Undefined for one of which has been said already that it is not there, or damaged. */
export type ReadLocked = (descriptor: Descriptor) => Promise<Uint8Array | undefined>

/**
 * Where a lock does not say of an image what its documents say: nodes read the documents of some runtimes, and for others
 * what is loaded is made of what the lock says. What is signed is the target; so whatever is not below it is signed by nobody.
 */
export async function documentProblems(image: LockedImage, read: ReadLocked): Promise<string[]> {
  const { reference, target, platforms, artifacts = [] } = image
  const problems: string[] = []
  const said: Said[] = [
    ...platforms.map(({ manifest, config, layers }) => ({ manifest, blobs: [config, ...layers] })),
    ...platforms.flatMap(({ siblings = [] }) => siblings),
    ...artifacts,
  ]
  const bound = new Set<Digest>([target.digest])
  const orProblem = async (look: () => Promise<void>) => {
    try {
      await look()
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      problems.push(error.message)
    }
  }
  await orProblem(async () => {
    const below = await digestsBelow(image, read)
    for (const digest of below ?? []) bound.add(digest)
    for (const { manifest } of below ? said : []) {
      if (!bound.has(manifest.digest)) problems.push(`${reference}: ${manifest.digest} is no part of ${target.digest}`)
    }
  })
  for (const { manifest, blobs, artifactType } of said) {
    const where = `${reference}, ${manifest.digest}`
    await orProblem(async () => {
      const bytes = await read(manifest)
      if (!bytes) return
      const document = parseManifest(bytes, manifest.mediaType, where)
      const isSame =
        document.kind === 'manifest' &&
        isDeepStrictEqual(childrenOf(document), blobs) &&
        (artifactType === undefined || artifactType === artifactTypeOf(document))
      if (!isSame) problems.push(`${where}: the manifest does not say the same as the lock`)
    })
  }
  if (!isIndexType(target.mediaType) && said.every(({ manifest }) => manifest.digest !== target.digest)) {
    problems.push(`${reference}: ${target.digest} is the manifest of no platform and of no artifact`)
  }
  return problems
}

/** What the target lists, and the indexes below it that the lock knows; undefined where one of these cannot be read. */
async function digestsBelow(
  { reference, target, indexes = [] }: LockedImage,
  read: ReadLocked,
): Promise<Digest[] | undefined> {
  const found: Digest[] = []
  const left = isIndexType(target.mediaType) ? [target] : []
  for (const index of left) {
    const bytes = await read(index)
    if (!bytes) return undefined
    for (const { digest } of childrenOf(parseManifest(bytes, index.mediaType, `${reference}, ${index.digest}`))) {
      found.push(digest)
      const inner = indexes.find((one) => one.digest === digest)
      if (inner && !left.includes(inner)) left.push(inner)
    }
  }
  return found
}
