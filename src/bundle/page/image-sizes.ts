import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { blobsOf, type LockedImage } from '../format/lock.ts'

/** What an image takes: bytes that nothing else has, and all. */
export interface ImageSize {
  readonly image: LockedImage
  readonly own: number
  readonly all: number
}

/** A blob of several images. */
export interface SharedBlob {
  readonly digest: Digest
  readonly size: number
  readonly images: readonly LockedImage[]
}

/** How bytes are spread over images, each blob once; only blobs that are counted. */
export function imageSizes(
  images: readonly LockedImage[],
  isCounted: (digest: Digest) => boolean = () => true,
): { sizes: ImageSize[]; shared: SharedBlob[] } {
  const users = new Map<Digest, { size: number; images: LockedImage[] }>()
  const blobs = images.map((image) => ({ image, blobs: countedBlobs(image, isCounted) }))
  for (const { image, blobs: own } of blobs) {
    for (const { digest, size } of own) {
      const known = users.get(digest)
      if (known) known.images.push(image)
      else users.set(digest, { size, images: [image] })
    }
  }
  const sum = (some: readonly Descriptor[]) => some.reduce((total, { size }) => total + size, 0)
  const isOwn = ({ digest }: Descriptor) => users.get(digest)?.images.length === 1
  return {
    sizes: blobs.map(({ image, blobs: some }) => ({ image, own: sum(some.filter(isOwn)), all: sum(some) })),
    shared: [...users]
      .flatMap(([digest, { size, images: by }]) => (by.length > 1 ? [{ digest, size, images: by }] : []))
      .sort((a, b) => b.size - a.size),
  }
}

function countedBlobs(image: LockedImage, isCounted: (digest: Digest) => boolean): Descriptor[] {
  const once = new Map(blobsOf(image).map((blob) => [blob.digest, blob]))
  return [...once.values()].filter(({ digest }) => isCounted(digest))
}
