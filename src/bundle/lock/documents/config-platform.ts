import { ExpectedError } from '../../../errors.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { parseJson } from '../../../oci/json.ts'
import { normalizePlatform, type Platform } from '../../../oci/platform.ts'
import { formatReference, type Reference } from '../../../oci/reference.ts'
import type { Documents } from './documents.ts'

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
  const where = `${formatReference(reference)}, ${config.digest}`
  const { os, architecture, variant } = parseConfig(await documents.get(reference, config), where)
  if (typeof os !== 'string' || typeof architecture !== 'string' || !os || !architecture) return undefined
  return normalizePlatform({ os, architecture, ...(typeof variant === 'string' && { variant }) })
}

function parseConfig(bytes: Uint8Array, where: string): Record<string, unknown> {
  try {
    return (parseJson(bytes) ?? {}) as Record<string, unknown>
  } catch (cause) {
    throw new ExpectedError('CONTENT_MISMATCH', `${where}: not JSON`, { cause })
  }
}
