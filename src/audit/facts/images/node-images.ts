import type { Node, NodeStatus } from 'kubernetes-types/core/v1.js'
import { DEFAULT_KUBELET_SETTINGS } from '../../../kubernetes/objects/kubelet-config.ts'
import { objectsOf } from '../../../kubernetes/objects/resource.ts'
import type { Platform } from '../../../oci/platform.ts'
import { criForm, findReference } from '../../../oci/reference.ts'
import { isImageId } from './image-lookup.ts'

/** One image on a node, as a source shows it. */
export interface ListedImage {
  /** Names in CRI form. */
  readonly names: readonly string[]
  readonly bytes: number
  /** What its names are known to lead to, beyond the digests among the names. */
  readonly digests?: readonly string[]
  /** Whether the kubelet's garbage collection leaves it alone; undefined where the source does not tell. */
  readonly isPinned?: boolean
  /** What keeps it from starting although its name is there, such as missing layers. */
  readonly problem?: string
  /** What it is built for; empty where the source could not tell, undefined where it never tells. */
  readonly platforms?: readonly Platform[]
  /** Why nobody can tell whether its name is there, although the source promises it. */
  readonly doubt?: string
}

/** What one source says about the images on a node. */
export interface ImageListing {
  /** As messages name it: `node.status.images`, `crictl images`. */
  readonly source: string
  readonly images: readonly ListedImage[]
  readonly byName: ReadonlyMap<string, ListedImage>
  /** Why a name that is not listed may be on the node all the same; undefined where the list is complete. */
  readonly gap: (name: string) => string | undefined
  /** Read from the runtime itself, which does not lag behind what is there. */
  readonly isFinal?: boolean
  /** What a seeding brought, as a label says: the bundle's images, for the node's platform only. */
  readonly isBundle?: boolean
  /** What a seeding would bring. */
  readonly isAssumed?: boolean
}

/** The kubelet reports at most so many names an image: digests first, then tags. */
const MAX_NAMES = 5

const NO_GAP: ImageListing['gap'] = () => undefined

/** The listing of a source that shows everything, unless `gap` says otherwise. */
export function listing(
  source: string,
  images: readonly ListedImage[],
  gap: ImageListing['gap'] = NO_GAP,
): ImageListing {
  let known: Map<string, ListedImage> | undefined
  return {
    source,
    images,
    gap,
    // Many ask only for the images, of thousands of nodes.
    get byName() {
      known ??= byNames(images)
      return known
    },
  }
}

function byNames(images: readonly ListedImage[]): Map<string, ListedImage> {
  const byName = new Map<string, ListedImage>()
  for (const image of images) for (const name of image.names) byName.set(name, image)
  return byName
}

/**
 * The images that a node reports itself. The kubelet cuts the list at its largest images and at five names each, so that
 * what is missing there may still be on the node. `maxImages` is the kubelet's nodeStatusMaxImages, -1 for no limit.
 * Source: kubernetes 1.36, pkg/kubelet/nodestatus/setters.go, Images.
 */
export function statusListing(node: Node, maxImages = DEFAULT_KUBELET_SETTINGS.maxImages): ImageListing {
  const { status } = node
  const known = status && listed.get(status)
  if (known?.maxImages === maxImages) return known.listing
  const made = readStatus(node, maxImages)
  if (status) listed.set(status, { maxImages, listing: made })
  return made
}

/** Nodes with the same images share the entries that say so. */
const asListed = new WeakMap<object, ListedImage>()

/** Who asks about a node asks several times. */
const listed = new WeakMap<NodeStatus, { readonly maxImages: number; readonly listing: ImageListing }>()

function readStatus(node: Node, maxImages: number): ImageListing {
  const { status } = node
  const isDocker = runsDocker(node)
  const images = objectsOf(status?.images).map((entry): ListedImage => {
    const known = isDocker ? undefined : asListed.get(entry)
    if (known) return known
    const { names, sizeBytes } = entry
    const list = Array.isArray(names) ? names : []
    const image = { names: isDocker ? list.map(canonicalName) : list, bytes: Number(sizeBytes ?? 0) }
    if (!isDocker) asListed.set(entry, image)
    return image
  })
  return listing('node.status.images', images, statusGap(images, Array.isArray(status?.images), maxImages))
}

function statusGap(images: readonly ListedImage[], isReported: boolean, maxImages: number): ImageListing['gap'] {
  if (!isReported || maxImages === 0) return reportGap
  if (maxImages > 0 && images.length >= maxImages) return largestGap(images.length)
  const cut = images.filter(({ names }) => names.length >= MAX_NAMES)
  if (cut.length === 0) return idGap
  return cut.some(({ names }) => names.every((name) => name.includes('@'))) ? namesGap : tagsGap
}

// Nodes with the same gap have the same function, by which their answers are found again.
const reportGap = () => 'the node reports no images'
const idGap = (name: string) => (isImageId(name) ? 'the node reports no image IDs' : undefined)
const namesGap = (name: string) => idGap(name) ?? `the node reports only ${MAX_NAMES} names of an image that has more`
const tagsGap = (name: string) => (name.includes('@') ? idGap(name) : namesGap(name))
const largestGaps = new Map<number, ImageListing['gap']>()

function largestGap(count: number): ImageListing['gap'] {
  const known = largestGaps.get(count)
  const gap = known ?? (() => `the node reports only its ${count} largest images`)
  largestGaps.set(count, gap)
  return gap
}

const DIGEST_DOUBT =
  "docker's classic image store keeps no registry digests, and nothing tells which store the node has"

/**
 * What a node holds once it was seeded. It says nothing of other images. Docker finds an image by a digest only where
 * containerd keeps its images. Source: moby 24 to 29, daemon/images and daemon/containerd.
 */
export function bundleListing(
  names: Iterable<string>,
  isDocker = false,
  doubtOf: (name: string) => string | undefined = () => undefined,
): ImageListing {
  const gap = () => 'the bundle does not hold it, and nothing else is known of the node'
  const images = Array.from(names, (name): ListedImage => {
    const doubt = doubtOf(name) ?? (isDocker && name.includes('@') ? DIGEST_DOUBT : undefined)
    return { names: [name], bytes: 0, ...(doubt !== undefined && { doubt }) }
  })
  return { ...listing('seed label', images, gap), isBundle: true }
}

export function runsDocker({ status }: Node): boolean {
  return status?.nodeInfo?.containerRuntimeVersion?.startsWith('docker://') ?? false
}

/** The CRI form of a name; docker reports short names, and finds an image by the long one. */
export function canonicalName(name: string): string {
  const reference = findReference(name)
  return reference ? criForm(reference) : name
}
