import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../descriptor.ts'
import { type Digest, splitDigest } from '../digest.ts'
import { parseManifest } from '../manifest.ts'
import { OCI_INDEX } from '../media-type.ts'

/** Where a blob stands in an OCI image layout. */
export function blobName(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest)
  return `blobs/${algorithm}/${hex}`
}

/** Where image names stand in the annotations of an `index.json`; the first that is there counts. */
const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name']

/**
 * The images that the `index.json` of a layout has a name for. Source: image-spec 1.1, image-layout.md.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH, UNSUPPORTED when it is no index.
 */
export function namesInIndex(bytes: Uint8Array, where: string): Map<string, Descriptor> {
  const index = parseManifest(bytes, OCI_INDEX, where)
  if (index.kind !== 'index') throw new ExpectedError('CONTENT_MISMATCH', `${where}: not an index`)
  return new Map(
    index.manifests.flatMap((descriptor): [string, Descriptor][] => {
      const name = NAME_ANNOTATIONS.map((key) => descriptor.annotations?.[key]).find((text) => text)
      return name ? [[name, descriptor]] : []
    }),
  )
}
