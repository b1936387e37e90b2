import { blobName } from '../../oci/content/image-layout.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { blobsOf, isArtifact, type Lock } from './lock.ts'
import { seedSetDigest } from './seed-set.ts'
import type { FileEntry } from './table.ts'

/** A file of the bundle that is there for the nodes. */
export interface CarriedFile {
  readonly name: string
  readonly content: string
}

/**
 * What a bundle carries for nodes that have nothing but POSIX sh and their runtime's own tools: the node script, the lock
 * once more as rows that the script can read, and what makes the file a docker archive too.
 */
export function carriedFiles(lock: Lock, script: string): CarriedFile[] {
  return [...derivedFiles(lock), { name: 'nodeseed/seed.sh', content: script }]
}

/** Those of them that say what the lock says, in other words. */
export function derivedFiles(lock: Lock): CarriedFile[] {
  return [
    { name: 'manifest.json', content: renderDockerManifest(lock) },
    { name: 'nodeseed/names.txt', content: renderNames(lock) },
  ]
}

/**
 * The names and blobs of a lock, one row each, fields separated by a space:
 *
 *     nodeseed-names 1 DIGEST SET NUMBER            the digest of the seed set; set and number where the lock has them
 *     name PLATFORM TARGET MEDIA-TYPE SIZE NAME     the target that NAME must point to; one row for each platform
 *     image PLATFORM TARGET MANIFEST CONFIG LAYERS  what a target is on that platform; layers with commas, in order
 *     index PLATFORM TARGET INDEX                   an index that the target lists, where it lists indexes
 *     beside PLATFORM TARGET DIGEST                 what else of the target an importer for the platform reads
 *     blob PLATFORM DIGEST SIZE                     what a node of that platform needs, indexes too
 *     artifact TARGET NAME                          what no container starts from, and no node gets
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
  const parts = lock.images.flatMap(({ target, platforms }) =>
    platforms.map(({ platform, manifest, config, layers }) => {
      const ordered = layers.map(({ digest }) => digest).join(',')
      return `image ${formatPlatform(platform)} ${target.digest} ${manifest.digest} ${config.digest} ${ordered}`.trimEnd()
    }),
  )
  const inner = lock.images.flatMap(({ target, indexes = [], platforms }) =>
    platforms.flatMap(({ platform }) =>
      indexes.map(({ digest }) => `index ${formatPlatform(platform)} ${target.digest} ${digest}`),
    ),
  )
  const beside = lock.images.flatMap(({ target, platforms }) =>
    platforms.flatMap(({ platform, siblings = [] }) =>
      siblings
        .flatMap(({ manifest, blobs }) => [manifest, ...blobs])
        .map(({ digest }) => `beside ${formatPlatform(platform)} ${target.digest} ${digest}`),
    ),
  )
  const blobs = lock.images.flatMap((image) =>
    image.platforms.flatMap((entry) =>
      blobsOf({ ...image, platforms: [entry] }).map(
        ({ digest, size }) => `blob ${formatPlatform(entry.platform)} ${digest} ${size}`,
      ),
    ),
  )
  const artifacts = lock.images
    .filter(isArtifact)
    .flatMap(({ names, target }) => names.map((name) => `artifact ${target.digest} ${name}`))
  const rows = [
    ['nodeseed-names 1', seedSetDigest(lock), ...(lock.edition ? [lock.edition.set, lock.edition.number] : [])].join(
      ' ',
    ),
    ...new Set(names),
    ...new Set(parts),
    ...inner,
    ...new Set(beside),
    ...new Set(blobs),
    ...new Set(artifacts),
    'end',
  ]
  return `${rows.join('\n')}\n`
}

/**
 * The list of a docker archive, for `docker load` and `podman load` of the whole bundle. It knows neither digests nor
 * platforms: of an image for several, it names the first. Where `oci-layout` is understood it is not read.
 */
function renderDockerManifest({ images }: Lock): string {
  const entries = images.flatMap(({ names, platforms: [first] }) => {
    if (!first) return []
    const layers = first.layers.map(({ digest }) => blobName(digest))
    return [
      { Config: blobName(first.config.digest), RepoTags: names.filter((name) => !name.includes('@')), Layers: layers },
    ]
  })
  return `${JSON.stringify(entries)}\n`
}

/** What `uname -m` says on the machines that there are builds of this program for, by their architecture. */
export const TOOL_MACHINES = { amd64: 'x86_64', arm64: 'aarch64' } as const
export type ToolArchitecture = keyof typeof TOOL_MACHINES

/**
 * Where in a bundle a build of this program is that needs no Node, compressed; only when it was asked for. Its name is
 * such that a shell finds its own: `tar -xOf BUNDLE nodeseed/tool-$(uname -m).gz | gzip -d > nodeseed`.
 */
export function toolFile(architecture: ToolArchitecture): string {
  return `nodeseed/tool-${TOOL_MACHINES[architecture]}.gz`
}

/** The architectures that a bundle with these files carries a build for. */
export function toolsAmong(files: readonly Pick<FileEntry, 'name'>[]): ToolArchitecture[] {
  const architectures = Object.keys(TOOL_MACHINES) as ToolArchitecture[]
  return architectures.filter((architecture) => files.some(({ name }) => name === toolFile(architecture)))
}
