import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Platform } from '../../oci/platform.ts'

/** What a node of a platform stores of an image. */
export function blobsFor({ target, platforms }: LockedImage, platform: Platform | undefined): Descriptor[] {
  const own = platforms.filter(({ platform: held }) => !platform || fitsPlatform(held, platform))
  return [target, ...own.slice(0, 1).flatMap(({ manifest, config, layers }) => [manifest, config, ...layers])]
}

/** Whether an image's platform fits a node's, by os and architecture: the API tells no variant of a node. */
export function fitsPlatform(image: Platform, node: Platform): boolean {
  return image.os === node.os && image.architecture === node.architecture
}
