import { type Finding, finding } from '../../finding.ts'
import { formatPlatform, type Platform, samePlatform, variantsFor } from '../../oci/platform.ts'
import { isArtifact, type LockedImage } from '../format/lock.ts'

/** One finding for each image and each platform that is wanted and for which the image is not made; artifacts are for none. */
export function lackingPlatforms(images: readonly LockedImage[], wanted: readonly Platform[]): Finding[] {
  const running = images.filter((image) => !isArtifact(image))
  return running.flatMap(({ reference, platforms }) => {
    const held = platforms.map(({ platform }) => platform)
    const isHeld = (platform: Platform) =>
      variantsFor(platform).some((variant) => held.some((one) => samePlatform(one, variant)))
    return wanted
      .filter((platform) => !isHeld(platform))
      .map((platform) => {
        const there = held.map(formatPlatform).join(', ')
        const message = `${reference} is not made for ${formatPlatform(platform)}; it is taken for ${there}`
        return finding('PLATFORM_LEFT_OUT', message, {
          subject: `${reference} for ${formatPlatform(platform)}`,
        })
      })
  })
}
