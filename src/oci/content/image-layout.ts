import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../descriptor.ts'
import { type Digest, splitDigest } from '../digest.ts'
import { parseManifest } from '../manifest.ts'
import { OCI_INDEX } from '../media-type.ts'
import { type ImageNames, imageNames, type UnnamedEntry } from './image-names.ts'

/** Where a blob stands in an OCI image layout. */
export function blobName(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest)
  return `blobs/${algorithm}/${hex}`
}

/** Where names stand in the annotations of an `index.json`: containerd's and docker's, then the specification's. */
const CONTAINERD_NAME = 'io.containerd.image.name'
const REF_NAME = 'org.opencontainers.image.ref.name'
/** Where it is from, as containerd notes it of what was pulled by digest: the registry in the key, the path in the value. */
const CONTAINERD_SOURCE = 'containerd.io/distribution.source.'
/** Of hauler until 1.3: what an entry is. */
const ATTACHED_KIND = /^dev\.(?:cosignproject\.cosign|hauler)\/(?:sigs|atts|sboms|referrers)/

/**
 * The images that the `index.json` of a layout has a name for. Source: image-spec 1.1, image-layout.md; what else stands
 * there is as docker, containerd, skopeo, hauler and zarf write it. `nameKeys` are annotations that count as well.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH, UNSUPPORTED when it is no index.
 */
export function namesInIndex(bytes: Uint8Array, where: string, nameKeys: readonly string[] = []): ImageNames {
  const index = parseManifest(bytes, OCI_INDEX, where)
  if (index.kind !== 'index') throw new ExpectedError('CONTENT_MISMATCH', `${where}: not an index`)
  const attached = index.manifests.filter(isAttached)
  const images = index.manifests.filter((descriptor) => !attached.includes(descriptor))
  const found = imageNames(images.map((descriptor) => [nameOf(descriptor, nameKeys), descriptor]))
  return { names: found.names, unnamed: [...found.unnamed, ...attached.map(attachedEntry)] }
}

function nameOf(descriptor: Descriptor, nameKeys: readonly string[]): string | undefined {
  const { annotations = {}, digest } = descriptor
  const name = annotations[CONTAINERD_NAME] || annotations[REF_NAME]
  if (name && /[/:]/.test(name)) return name
  const [source, path] = Object.entries(annotations).find(([key]) => key.startsWith(CONTAINERD_SOURCE)) ?? []
  const other = nameKeys.map((key) => annotations[key]).find((text) => text)
  if (other) return other
  return source && path ? `${source.slice(CONTAINERD_SOURCE.length)}/${path}@${digest}` : name
}

/** Signatures and the like, to which hauler gives the name of the image that they are of, and their own beside it. */
function isAttached({ annotations = {} }: Descriptor): boolean {
  if (ATTACHED_KIND.test(annotations.kind ?? '')) return true
  const [image, own] = [annotations[CONTAINERD_NAME], annotations[REF_NAME]]
  if (!image || !own || !/[/:]/.test(own)) return false
  return own !== image && own !== image.slice(image.indexOf('/') + 1)
}

function attachedEntry({ annotations = {}, digest }: Descriptor): UnnamedEntry {
  return { subject: annotations[REF_NAME] ?? digest, why: `belongs to ${annotations[CONTAINERD_NAME] ?? 'an image'}` }
}
