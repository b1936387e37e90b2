import { ExpectedError, endsRun } from '../../../errors.ts'
import { type Finding, finding } from '../../../finding.ts'
import { isImageConfigType, isUnpackedType } from '../../../oci/media-type.ts'
import { formatPlatform } from '../../../oci/platform.ts'
import { formatReference, type Reference } from '../../../oci/reference.ts'
import type { LockedPlatform } from '../../format/lock.ts'
import { readConfig } from './config-platform.ts'
import type { Documents } from './documents.ts'

/**
 * Why runtimes would not start what is taken of an image, though every byte is as it should be: they unpack no layer of such
 * a type, or not so many as the config lists, or the config is of another platform than the index says. Source: containerd,
 * `core/images` DiffCompression and `core/unpack`.
 */
export async function unusableNotes(
  reference: Reference,
  platforms: readonly LockedPlatform[],
  documents: Documents,
): Promise<Finding[]> {
  const found = await Promise.all(platforms.map((platform) => notesOf(reference, platform, documents)))
  return found.flat()
}

async function notesOf(
  reference: Reference,
  { platform, config, layers }: LockedPlatform,
  documents: Documents,
): Promise<Finding[]> {
  if (!isImageConfigType(config.mediaType)) return []
  const text = `${formatReference(reference)} for ${formatPlatform(platform)}`
  const note = (code: 'LAYERS_UNUSABLE' | 'PLATFORM_ASSUMED', why: string) =>
    finding(code, `${text}: ${why}`, { subject: `${text} (${why})` })
  const odd = layers.find(({ mediaType }) => !isUnpackedType(mediaType))
  if (odd) return [note('LAYERS_UNUSABLE', `a layer is of the type ${odd.mediaType}`)]
  const said = await configSaid(reference, config, documents)
  if (!said) return []
  const { count, platform: declared } = said
  if (count !== undefined && count !== layers.length) {
    return [note('LAYERS_UNUSABLE', `its config lists ${count} layers, its manifest ${layers.length}`)]
  }
  const isOther = declared && (declared.os !== platform.os || declared.architecture !== platform.architecture)
  return isOther ? [note('PLATFORM_ASSUMED', `its config says ${formatPlatform(declared)}`)] : []
}

/** A config that cannot be had is an error of whoever brings it. */
async function configSaid(reference: Reference, config: LockedPlatform['config'], documents: Documents) {
  try {
    return await readConfig(reference, config, documents)
  } catch (error) {
    if (error instanceof ExpectedError && !endsRun(error)) return undefined
    throw error
  }
}
