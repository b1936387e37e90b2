import { ExpectedError } from '../../../errors.ts'
import { type Finding, finding } from '../../../finding.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { isImageConfigType } from '../../../oci/media-type.ts'
import { formatPlatform, type Platform, samePlatform, variantsFor } from '../../../oci/platform.ts'
import { formatReference, type Reference } from '../../../oci/reference.ts'
import type { LockedImage, LockedPlatform } from '../../format/lock.ts'
import { takeArtifacts } from './artifacts.ts'
import type { Documents } from './documents.ts'
import { type IndexChild, readChild } from './index-child.ts'
import type { OpenedIndex } from './open-index.ts'

/** What is taken of an image: something for platforms, or, where nothing of it runs, all of it. */
export interface Taken extends Pick<LockedImage, 'platforms' | 'artifacts'> {
  readonly notes: readonly Finding[]
}

/**
 * What an index has for platforms. Beside the first image of a platform come the other children that an importer for it
 * reads (containerd's FilterPlatforms): those listed for the same platform, and all that are listed for none. Without
 * them it would import nothing. An index of artifacts alone is taken whole.
 *
 * @throws {ExpectedError} PLATFORM_UNAVAILABLE when there is nothing for any of them; CONTENT_MISMATCH, UNSUPPORTED
 */
export async function takeFromIndex(
  reference: Reference,
  opened: OpenedIndex,
  wanted: readonly Platform[],
  documents: Documents,
): Promise<Taken> {
  const { manifests } = opened
  const variants = wanted.flatMap(variantsFor)
  const near = manifests.filter(({ platform }) => !platform || variants.some((one) => samePlatform(one, platform)))
  const children = await Promise.all(near.map((child) => readChild(reference, child, documents)))
  const held = new Map<string, LockedPlatform>()
  for (const platform of wanted) {
    const found = platformAmong(children, platform)
    if (found) held.set(formatPlatform(found.platform), found)
  }
  if (held.size > 0) return { platforms: [...held.values()], notes: [] }
  const artifacts = await takeArtifacts(reference, opened, documents)
  if (artifacts) return { platforms: [], artifacts, notes: [] }
  const platforms = [...manifests, ...children].map(({ platform }) => platform)
  throw unavailable(
    reference,
    wanted,
    platforms.filter((platform) => platform !== undefined),
  )
}

/**
 * A manifest that no index lists: a runtime takes it whatever its config says. It counts for the platforms that run it, and
 * for all where it does not say on what it runs, which is noted. An artifact is for no platform.
 *
 * @throws {ExpectedError} PLATFORM_UNAVAILABLE, CONTENT_MISMATCH
 */
export async function takeManifest(
  reference: Reference,
  target: Descriptor,
  wanted: readonly Platform[],
  documents: Documents,
): Promise<Taken> {
  const { config, layers } = await documents.parseImage(reference, target)
  const { artifact, platform: declared } = await readChild(
    reference,
    { descriptor: target, platform: undefined },
    documents,
  )
  if (artifact) return { platforms: [], artifacts: [artifact], notes: [] }
  const fitting = wanted.filter((platform) => !declared || fits(declared, platform))
  if (declared && fitting.length === 0) throw unavailable(reference, wanted, [declared])
  const held = fitting.map((platform) => ({ platform, manifest: target, config, layers }))
  const unsure = fitting.filter(
    (platform) => !declared || !variantsFor(platform).some((one) => samePlatform(one, declared)),
  )
  return { platforms: held, notes: unsure.map((platform) => assumed(reference, platform, declared)) }
}

/** One platform of an index, of the children that were read. */
export function platformAmong(children: readonly IndexChild[], wanted: Platform): LockedPlatform | undefined {
  for (const platform of variantsFor(wanted)) {
    const isSame = (child: IndexChild) => child.platform !== undefined && samePlatform(child.platform, platform)
    const image = children.find((child) => isSame(child) && isImageConfigType(child.config.mediaType))
    if (!image) continue
    const others = children.filter((child) => child !== image && (!child.isListed || isSame(child)))
    const siblings = others.filter(({ manifest }) => manifest.digest !== image.manifest.digest)
    const { manifest, config, layers } = image
    return {
      ...{ platform, manifest, config, layers },
      ...(siblings.length > 0 && { siblings: siblings.map(siblingOf) }),
    }
  }
  return undefined
}

function siblingOf({ manifest, config, layers }: IndexChild) {
  return { manifest, blobs: [config, ...layers] }
}

/** Whether a manifest that is taken as it is could run: a lower variant runs on a higher one, and nodes do not tell theirs. */
function fits(declared: Platform, platform: Platform): boolean {
  if (variantsFor(platform).some((one) => samePlatform(one, declared))) return true
  return declared.os === platform.os && declared.architecture === platform.architecture && !platform.variant
}

function assumed(reference: Reference, platform: Platform, declared: Platform | undefined): Finding {
  const text = formatReference(reference)
  const says = declared ? `its config says ${formatPlatform(declared)}` : 'its config names no platform'
  const message = `${text}: ${says}; it is taken for ${formatPlatform(platform)}, and nobody here can tell whether it runs there`
  return finding('PLATFORM_ASSUMED', message, { subject: `${text} for ${formatPlatform(platform)} (${says})` })
}

function unavailable(reference: Reference, wanted: readonly Platform[], there: readonly Platform[]): ExpectedError {
  const list = (platforms: readonly Platform[]) => [...new Set(platforms.map(formatPlatform))].join(', ')
  return new ExpectedError(
    'PLATFORM_UNAVAILABLE',
    `${formatReference(reference)} is not made for ${list(wanted)}; it has ${list(there) || 'none'}`,
    { hint: 'Choose other platforms with --platform, or bundle this image by itself with those that it has.' },
  )
}
