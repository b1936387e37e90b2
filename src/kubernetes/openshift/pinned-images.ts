import { findReference, repositoryName } from '../../oci/reference.ts'
import { valueAt } from '../documents/path.ts'
import { objectsOf, type Resource } from '../objects/resource.ts'

/** A PinnedImageSet: the pool that it is for, and the images that it names, by digest. */
export interface PinnedImages {
  readonly name: string
  readonly pool: string
  readonly images: ReadonlySet<string>
  /** The same without their digests. */
  readonly repositories: ReadonlySet<string>
}

/** The PinnedImageSets among some resources, one for each pool that they are labelled for. */
export function pinnedImagesOf(resources: readonly Resource[]): PinnedImages[] {
  return resources.flatMap(({ apiVersion, kind, name, value }) => {
    if (kind !== 'PinnedImageSet' || !apiVersion.startsWith('machineconfiguration.openshift.io/')) return []
    const pool = valueAt(value, ['metadata', 'labels', 'machineconfiguration.openshift.io/role'])
    if (typeof pool !== 'string') return []
    const listed = objectsOf(valueAt(value, ['spec', 'pinnedImages']) as { name?: unknown }[] | undefined)
    const images = listed.flatMap((one) => (typeof one.name === 'string' ? [one.name] : []))
    const references = images.flatMap((image) => findReference(image) ?? [])
    return [{ name, pool, images: new Set(images), repositories: new Set(references.map(repositoryName)) }]
  })
}
