import { ExpectedError } from '../../../errors.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { parseJson } from '../../../oci/json.ts'
import { normalizePlatform, type Platform } from '../../../oci/platform.ts'
import { formatReference, type Reference } from '../../../oci/reference.ts'
import type { Documents } from './documents.ts'

/** What a config says of an image; undefined is what it does not say. */
export interface ConfigSaid {
  readonly platform: Platform | undefined
  /** How many layers it lists. */
  readonly count: number | undefined
}

/**
 * What an image runs on, by its config; undefined where that does not say it.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH when it is not JSON
 */
export async function configPlatform(
  reference: Reference,
  config: Descriptor,
  documents: Documents,
): Promise<Platform | undefined> {
  return (await readConfig(reference, config, documents)).platform
}

/** @throws {ExpectedError} CONTENT_MISMATCH when it is not JSON */
export async function readConfig(reference: Reference, config: Descriptor, documents: Documents): Promise<ConfigSaid> {
  const where = `${formatReference(reference)}, ${config.digest}`
  const { os, architecture, variant, rootfs } = parseConfig(await documents.get(reference, config), where)
  const { diff_ids: listed } = (rootfs ?? {}) as { diff_ids?: unknown }
  const count = Array.isArray(listed) ? listed.length : undefined
  const isSaid = typeof os === 'string' && typeof architecture === 'string' && os && architecture
  if (!isSaid) return { platform: undefined, count }
  return { platform: normalizePlatform({ os, architecture, ...(typeof variant === 'string' && { variant }) }), count }
}

function parseConfig(bytes: Uint8Array, where: string): Record<string, unknown> {
  try {
    return (parseJson(bytes) ?? {}) as Record<string, unknown>
  } catch (cause) {
    throw new ExpectedError('CONTENT_MISMATCH', `${where}: not JSON`, { cause })
  }
}
