import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Platform } from '../../oci/platform.ts'
import { runsOn } from '../verdict/image-rules.ts'

/** What a node of a platform stores of an image. */
export function blobsFor({ target, platforms }: LockedImage, platform: Platform | undefined): Descriptor[] {
  const own = platforms.filter(({ platform: held }) => !platform || runsOn(held, platform))
  return [target, ...own.slice(0, 1).flatMap(({ manifest, config, layers }) => [manifest, config, ...layers])]
}
