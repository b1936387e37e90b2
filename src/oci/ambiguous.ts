import { ExpectedError } from '../errors.ts'

/** The fields of manifests, indexes, descriptors and platforms that runtimes read. Source: image-spec 1.1; docker, schema 2. */
const FIELDS = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'manifests',
  'subject',
  'fsLayers',
  'digest',
  'size',
  'urls',
  'data',
  'platform',
  'architecture',
  'os',
  'variant',
]
const BY_FOLDED = new Map(FIELDS.map((field) => [folded(field), field]))
/** Where names are free and their case counts. */
const FREE = new Set(['annotations', 'labels'])

/**
 * Refuses a document that programs read in different ways: Go, in which runtimes and registries are written, takes
 * `Layers` for `layers`, and of two fields the one that comes last.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH naming `where` and the field
 */
export function refuseAmbiguous(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) refuseAmbiguous(item, where)
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    const field = BY_FOLDED.get(folded(key))
    if (field !== undefined && field !== key) {
      throw new ExpectedError(
        'CONTENT_MISMATCH',
        `${where}: has a field ${JSON.stringify(key)} that some programs read as "${field}", and others not`,
        {
          hint: 'Have the image built and pushed again: no program that builds images writes this.',
        },
      )
    }
    if (!FREE.has(key)) refuseAmbiguous(inner, where)
  }
}

/** As Go compares the names of fields: also U+017F is an s, and U+212A a k. */
function folded(text: string): string {
  return text.toUpperCase().toLowerCase()
}
