import { criForm, findReference } from '../../../oci/reference.ts'

/**
 * Whether a reference may be the ID of an image, the digest of its configuration, by which a runtime finds it as well as
 * by its names: `sha256:…`.
 */
export function isImageId(reference: string): boolean {
  // Asked for each image and node: most names end here.
  return reference.startsWith('sha256:') && /^sha256:[0-9a-f]{64}$/.test(reference)
}

/** What a runtime looks an image up by: the CRI form, or its ID; undefined where the reference does not parse. */
export function nameOnNode(reference: string): string | undefined {
  if (isImageId(reference)) return reference
  const parsed = findReference(reference)
  return parsed && criForm(parsed)
}
