import type { Node } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../kubernetes/resource.ts'
import { criForm, findReference } from '../oci/reference.ts'

/** What one source says about the images on a node. */
export interface ImageListing {
  /** As messages name it: `node.status.images`, `crictl images`. */
  readonly source: string
  /** Names in CRI form. */
  readonly names: ReadonlySet<string>
  /** Why a name that is not listed may be on the node all the same; undefined where the list is complete. */
  readonly gap: (name: string) => string | undefined
  /** Read from the runtime itself: what it does not list is not there, whatever weaker sources say. */
  readonly isFinal?: boolean
  /** What a seeding brought, or would bring: the bundle's images, for the node's platform only. */
  readonly isBundle?: boolean
}

/** Whether a name is on a node: yes, no, or nobody can tell, and why so. */
export interface Presence {
  readonly present: boolean | undefined
  readonly why: string
  readonly isFromBundle?: boolean
}

/** The kubelet's default of nodeStatusMaxImages. */
export const DEFAULT_MAX_IMAGES = 50

/** The kubelet reports at most so many names an image: digests first, then tags. */
const MAX_NAMES = 5

/**
 * The images that a node reports itself. The kubelet cuts the list at its largest images and at five names each, so that
 * what is missing there may still be on the node. `maxImages` is the kubelet's nodeStatusMaxImages, -1 for no limit.
 * Source: kubernetes 1.36, pkg/kubelet/nodestatus/setters.go, Images.
 */
export function statusListing({ status }: Node, maxImages = DEFAULT_MAX_IMAGES): ImageListing {
  const source = 'node.status.images'
  const images = objectsOf(status?.images).map(({ names }) => (Array.isArray(names) ? names : []))
  const isDocker = status?.nodeInfo?.containerRuntimeVersion?.startsWith('docker://') ?? false
  const names = new Set(images.flat().map((name) => (isDocker ? canonical(name) : name)))
  if (status?.images === undefined || maxImages === 0) {
    return { source, names, gap: () => 'the node reports no images' }
  }
  if (maxImages > 0 && images.length >= maxImages) {
    return { source, names, gap: () => `the node reports only its ${images.length} largest images` }
  }
  const cut = images.filter((list) => list.length >= MAX_NAMES)
  const hidesDigests = cut.some((list) => list.every((name) => name.includes('@')))
  const gap = 'the node reports only 5 names of an image that has more'
  return { source, names, gap: (name) => (hidesDigests || (cut.length > 0 && !name.includes('@')) ? gap : undefined) }
}

/** What a node holds once it was seeded. It says nothing of other images. */
export function bundleListing(names: Iterable<string>): ImageListing {
  const gap = () => 'the bundle does not hold it, and nothing else is known of the node'
  return { source: 'seed label', names: new Set(names), gap, isBundle: true }
}

/** Whether a name is on the node. Listings stand in the order of their strength. */
export function presenceOf(name: string, listings: readonly ImageListing[]): Presence {
  let why: string | undefined
  let isAbsent = false
  for (const { source, names, gap: gapOf, isFinal, isBundle = false } of listings) {
    if (names.has(name)) return { present: true, why: source, isFromBundle: isBundle }
    const gap = gapOf(name)
    if (gap === undefined && isFinal) return { present: false, why: source }
    isAbsent ||= gap === undefined
    why ??= gap
  }
  return { present: isAbsent ? false : undefined, why: why ?? 'nothing is known of the images on the node' }
}

/** Docker reports short names, and finds an image by the long one. */
function canonical(name: string): string {
  const reference = findReference(name)
  return reference ? criForm(reference) : name
}
