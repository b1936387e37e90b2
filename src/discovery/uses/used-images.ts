import { criForm, findReference, repositoryName } from '../../oci/reference.ts'
import type { ImageUse } from './image-use.ts'

/** The distinct images of uses, in CRI form, sorted; only those under one of the policies, or set by an operator. */
export function imagesOf(uses: readonly ImageUse[], policies: readonly string[]): string[] {
  const wanted = uses.filter(({ policy }) => policy === undefined || policies.includes(policy))
  return [...new Set(wanted.map(({ image }) => image).filter((image) => image !== undefined))].sort()
}

/** Names of images that end as a reference does, where no use is of it: `envoy` may mean `quay.io/x/envoy:v1.30`. */
export function similarImages(uses: readonly ImageUse[], reference: string): string[] {
  const wanted = findReference(reference)
  const last = wanted?.path.slice(wanted.path.lastIndexOf('/') + 1) ?? reference
  const images = uses.flatMap(({ image }) => {
    const parsed = image === undefined ? undefined : findReference(image)
    return image !== undefined && parsed?.path.endsWith(`/${last}`) ? [image] : []
  })
  return [...new Set(images)].sort()
}

/** The uses of one image, however they write it; of every version where the reference has neither tag nor digest. */
export function usesOf(uses: readonly ImageUse[], reference: string): ImageUse[] {
  const wanted = findReference(reference)
  if (!wanted) return uses.filter((use) => use.reference === reference)
  const isAny = wanted.tag === undefined && wanted.digest === undefined
  return uses.filter((use) => {
    const parsed = findReference(use.reference)
    if (!parsed || repositoryName(parsed) !== repositoryName(wanted)) return false
    return isAny || criForm(parsed) === criForm(wanted) || (!wanted.digest && parsed.tag === wanted.tag)
  })
}
