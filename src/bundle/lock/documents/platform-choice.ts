import { ExpectedError } from '../../../errors.ts'
import { type Finding, finding } from '../../../finding.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { isImageConfigType } from '../../../oci/media-type.ts'
import { formatPlatform, type Platform, samePlatform, variantsFor } from '../../../oci/platform.ts'
import { formatReference, type Reference } from '../../../oci/reference.ts'
import type { LockedPlatform } from '../../format/lock.ts'
import { configPlatform } from './config-platform.ts'
import type { Documents } from './documents.ts'
import type { IndexedManifest } from './open-index.ts'

/** A child of an index, read as far as needed to tell what it is. */
interface IndexChild extends LockedPart {
  /** What it runs on; undefined for what is no image, or does not say. */
  readonly platform: Platform | undefined
  /** Whether the index itself says a platform: an importer reads every child of which it does not. */
  readonly isListed: boolean
}

type LockedPart = Pick<LockedPlatform, 'manifest' | 'config' | 'layers'>

/**
 * What an index has for platforms. Beside the first image of a platform come the other children that an importer for it
 * reads (containerd's FilterPlatforms): those listed for the same platform, and all that are listed for none. Without
 * them it would import nothing.
 *
 * @throws {ExpectedError} PLATFORM_UNAVAILABLE when there is nothing for any of them; CONTENT_MISMATCH, UNSUPPORTED
 */
export async function takeFromIndex(
  reference: Reference,
  manifests: readonly IndexedManifest[],
  wanted: readonly Platform[],
  documents: Documents,
): Promise<LockedPlatform[]> {
  const variants = wanted.flatMap(variantsFor)
  const near = manifests.filter(({ platform }) => !platform || variants.some((one) => samePlatform(one, platform)))
  const children = await Promise.all(near.map((child) => readChild(reference, child, documents)))
  const held = new Map<string, LockedPlatform>()
  for (const platform of wanted) {
    const found = platformAmong(children, platform)
    if (found) held.set(formatPlatform(found.platform), found)
  }
  if (held.size > 0) return [...held.values()]
  const platforms = [...manifests, ...children].map(({ platform }) => platform)
  throw unavailable(
    reference,
    wanted,
    platforms.filter((platform) => platform !== undefined),
  )
}

/**
 * A manifest that no index lists: a runtime takes it whatever its config says. It counts for the platforms that run it, and
 * for all where it does not say on what it runs, which is noted.
 *
 * @throws {ExpectedError} PLATFORM_UNAVAILABLE, CONTENT_MISMATCH; UNSUPPORTED for an artifact
 */
export async function takeManifest(
  reference: Reference,
  target: Descriptor,
  wanted: readonly Platform[],
  documents: Documents,
): Promise<{ held: LockedPlatform[]; notes: Finding[] }> {
  const { config, layers } = await documents.parseImage(reference, target)
  if (!isImageConfigType(config.mediaType)) {
    throw new ExpectedError(
      'UNSUPPORTED',
      `${formatReference(reference)} is an artifact (${config.mediaType}), not an image`,
      { hint: 'Leave it out: no container can start from it.' },
    )
  }
  const declared = await configPlatform(reference, config, documents)
  const fitting = wanted.filter((platform) => !declared || fits(declared, platform))
  if (declared && fitting.length === 0) throw unavailable(reference, wanted, [declared])
  const held = fitting.map((platform) => ({ platform, manifest: target, config, layers }))
  const unsure = fitting.filter(
    (platform) => !declared || !variantsFor(platform).some((one) => samePlatform(one, declared)),
  )
  return { held, notes: unsure.map((platform) => assumed(reference, platform, declared)) }
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

/** @throws {ExpectedError} CONTENT_MISMATCH, UNSUPPORTED */
export async function readChild(
  reference: Reference,
  { descriptor, platform }: IndexedManifest,
  documents: Documents,
): Promise<IndexChild> {
  const { config, layers } = await documents.parseImage(reference, descriptor)
  const manifest = await documents.describe(reference, descriptor)
  const isImage = isImageConfigType(config.mediaType)
  const own = platform ?? (isImage ? await configPlatform(reference, config, documents) : undefined)
  return { manifest, config, layers, platform: own, isListed: platform !== undefined }
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
