import { readFile, writeFile } from 'node:fs/promises'
import type { Lock, LockedImage } from '../../src/inventory.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { splitDigest } from '../../src/oci/digest.ts'
import { OCI_INDEX } from '../../src/oci/media-type.ts'
import { nodeFiles } from '../../src/seed/node-files.ts'
import { type Blobs, tarOf } from './image-maker.ts'

/** Writes a bundle of images: an OCI layout in a tar, with the files for nodes. `leaveOut` makes it a delta or a broken one. */
export async function writeTestBundle(
  file: string,
  images: readonly LockedImage[],
  blobs: Blobs,
  { leaveOut = new Set<string>() }: { leaveOut?: ReadonlySet<string> } = {},
): Promise<Lock> {
  const lock: Lock = { version: 1, images }
  const script = await readFile(new URL('../../src/seed/seed.sh', import.meta.url), 'utf8')
  const used = new Set(
    images.flatMap(({ target, platforms }) => [
      target.digest,
      ...platforms.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers].map(({ digest }) => digest)),
    ]),
  )
  const manifests = images.flatMap(({ names, target, platforms }) =>
    names.map((name) => ({
      ...target,
      ...(target.mediaType !== OCI_INDEX && { platform: platforms[0]?.platform }),
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
    })),
  )
  const tar = await tarOf([
    [{ name: 'oci-layout' }, JSON.stringify({ imageLayoutVersion: '1.0.0' })],
    [{ name: 'index.json' }, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })],
    [{ name: 'nodeseed/bundle.json' }, JSON.stringify({ version: 1, lock })],
    ...nodeFiles(lock, script).map(({ name, content }): [{ name: string }, string] => [{ name }, content]),
    ...[...used]
      .filter((digest) => !leaveOut.has(digest))
      .sort()
      .map((digest): [{ name: string }, Buffer] => [{ name: blobPath(digest) }, blobs.get(digest) ?? Buffer.alloc(0)]),
  ])
  await writeFile(file, tar)
  return lock
}

function blobPath(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest)
  return `blobs/${algorithm}/${hex}`
}
