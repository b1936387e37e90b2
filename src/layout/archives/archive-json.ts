import { ExpectedError } from '../../errors.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { parseJson } from '../../oci/json.ts'
import { type ByteFile, MAX_DOCUMENT_BYTES } from '../files/byte-file.ts'
import type { TarEntry } from '../tar/tar-index.ts'

/** A file of an archive, whole. @throws {ExpectedError} BUNDLE_INVALID when it is not there, or no document */
export async function readEntry(
  file: ByteFile,
  entries: ReadonlyMap<string, TarEntry>,
  name: string,
): Promise<{ entry: TarEntry; bytes: Buffer }> {
  const entry = entries.get(name)
  if (!entry) throw invalid(file, `lacks ${JSON.stringify(name)}, which its manifest.json names`)
  if (entry.size > MAX_DOCUMENT_BYTES)
    throw invalid(file, `${name} has ${formatBytes(entry.size)}, more than a document may have`)
  return { entry, bytes: await file.read(entry.offset, entry.size) }
}

/** @throws {ExpectedError} BUNDLE_INVALID */
export function parseEntry(file: ByteFile, name: string, bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw invalid(file, `${name} is not JSON`)
  }
}

/** The fields of a value; none where it is no object. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []
}

export function invalid({ path }: ByteFile, problem: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: ${problem}`, {
    hint: 'Save the images again where they are, and copy the file once more: this one is cut off, damaged or was changed.',
  })
}
