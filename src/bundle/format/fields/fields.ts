import { ExpectedError } from '../../../errors.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { type Digest, isDigest } from '../../../oci/digest.ts'
import { parseDescriptor } from '../../../oci/manifest.ts'

export function descriptorsAt(value: unknown, where: string): Descriptor[] {
  return arrayAt(value, where).map((entry, index) => descriptorAt(entry, `${where}[${index}]`))
}

/** A descriptor whose types are words: they become fields of rows. */
export function descriptorAt(value: unknown, where: string): Descriptor {
  const descriptor = parseDescriptor(value, where)
  wordAt(descriptor.mediaType, `${where}, mediaType`)
  if (descriptor.artifactType !== undefined) wordAt(descriptor.artifactType, `${where}, artifactType`)
  return descriptor
}

export function objectAt(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalid(where, 'expected an object')
}

export function arrayAt(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value
  throw invalid(where, 'expected a list')
}

export function stringAt(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalid(where, 'expected a text')
}

/** A text without spaces, line ends and what a terminal does not show: nothing of it can pass for another line. */
export function wordAt(value: unknown, where: string): string {
  const text = stringAt(value, where)
  if (!/[\s\p{Cc}\p{Cf}]/u.test(text)) return text
  throw invalid(where, `holds a space, a line end or a sign that is not shown: ${JSON.stringify(text.slice(0, 80))}`)
}

/** A text that is shown in one line. */
export function lineAt(value: unknown, where: string): string {
  const text = stringAt(value, where)
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return text
  throw invalid(where, `holds a line end or a sign that is not shown: ${JSON.stringify(text.slice(0, 80))}`)
}

export function digestAt(value: unknown, where: string): Digest {
  if (isDigest(value)) return value
  throw invalid(where, 'expected a digest')
}

export function countAt(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(where, 'expected a count of bytes')
}

export function invalid(where: string, problem: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${where}: ${problem}`)
}

export function otherVersion(version: unknown, where: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${where}: version ${String(version)} is not 1`, {
    hint: 'Read it with the nodeseed that wrote it, or with a newer one.',
  })
}
