import { blobsOf, type Lock } from '../inventory.ts'
import { formatPlatform } from '../oci/platform.ts'
import { seedSetDigest } from '../seed-set.ts'

/** A file of the bundle that is there for the nodes. */
export interface NodeFile {
  readonly name: string
  readonly content: string
}

/**
 * What a bundle carries for nodes that have nothing but POSIX sh and their runtime's own tools: the node script, and the
 * lock once more as rows that the script can read.
 */
export function nodeFiles(lock: Lock, script: string): NodeFile[] {
  return [
    { name: 'nodeseed/seed.sh', content: script },
    { name: 'nodeseed/names.txt', content: renderNames(lock) },
  ]
}

/**
 * The names and blobs of a lock, one row each, fields separated by a space:
 *
 *     nodeseed-names 1 SET
 *     name PLATFORM TARGET MEDIA-TYPE SIZE NAME     the target that NAME must point to; one row for each platform
 *     blob PLATFORM DIGEST SIZE                     what a node of that platform needs, indexes too
 *     end
 *
 * A file without its last row was cut off.
 */
export function renderNames(lock: Lock): string {
  const names = lock.images.flatMap(({ names, target, platforms }) =>
    platforms.flatMap(({ platform }) =>
      names.map(
        (name) => `name ${formatPlatform(platform)} ${target.digest} ${target.mediaType} ${target.size} ${name}`,
      ),
    ),
  )
  const blobs = lock.images.flatMap((image) =>
    image.platforms.flatMap((entry) =>
      blobsOf({ ...image, platforms: [entry] }).map(
        ({ digest, size }) => `blob ${formatPlatform(entry.platform)} ${digest} ${size}`,
      ),
    ),
  )
  const rows = [`nodeseed-names 1 ${seedSetDigest(lock)}`, ...new Set(names), ...new Set(blobs), 'end']
  return `${rows.join('\n')}\n`
}
