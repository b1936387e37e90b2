import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { type Manifest, parseManifest } from '../../oci/manifest.ts'
import type { Attachment } from '../format/lock.ts'

/** What people look for among the things that are attached to an image. */
export type AttachedKind = 'signature' | 'notation signature' | 'SBOM' | 'provenance' | 'attestation' | 'artifact'

/** One document that is attached to a manifest. */
export interface AttachedDocument {
  readonly kind: AttachedKind
  /** The predicate that it states, or its media type. */
  readonly type: string
  readonly blob: Descriptor
  /** The manifest that holds it, and what that belongs to. */
  readonly manifest: Digest
  readonly subject: Digest
}

/** Where tools say what a statement of in-toto states: BuildKit, cosign 2, Sigstore bundles. */
const PREDICATE_ANNOTATIONS = ['in-toto.io/predicate-type', 'predicateType', 'dev.sigstore.bundle.predicateType']

/** By the beginning of a predicate type, or by the media type of a document. */
const KINDS: readonly (readonly [begin: string, kind: AttachedKind])[] = [
  ['https://slsa.dev/provenance', 'provenance'],
  ['https://spdx.dev/', 'SBOM'],
  ['https://cyclonedx.org/', 'SBOM'],
  ['https://sigstore.dev/cosign/sign/', 'signature'],
  ['https://', 'attestation'],
  ['application/spdx', 'SBOM'],
  ['text/spdx', 'SBOM'],
  ['application/vnd.cyclonedx', 'SBOM'],
  ['application/vnd.dev.cosign.simplesigning', 'signature'],
  ['application/vnd.cncf.notary.signature', 'notation signature'],
  ['application/jose+json', 'notation signature'],
  ['application/cose', 'notation signature'],
  ['application/vnd.in-toto', 'attestation'],
  ['application/vnd.dsse.envelope', 'attestation'],
  ['application/vnd.dev.sigstore.bundle', 'attestation'],
]

/**
 * The documents that an attachment holds, by what its manifest says of them: annotations that nobody has checked.
 *
 * @throws {ExpectedError} as `parseManifest` does
 */
export function describeAttachment({ target, subject }: Attachment, bytes: Uint8Array): AttachedDocument[] {
  const document = parseManifest(bytes, target.mediaType, target.digest)
  if (document.kind === 'index') return []
  return document.layers.map((blob) => {
    const type =
      predicateOf(blob, document) ?? (isPlain(blob) ? (document.artifactType ?? blob.mediaType) : blob.mediaType)
    const kind = KINDS.find(([begin]) => type.startsWith(begin))?.[1] ?? 'artifact'
    return { kind, type, blob, manifest: target.digest, subject }
  })
}

function predicateOf({ annotations = {} }: Descriptor, { annotations: ofAll = {} }: Manifest): string | undefined {
  const names = PREDICATE_ANNOTATIONS
  return names.map((name) => annotations[name] ?? ofAll[name]).find((type) => type !== undefined && type !== '')
}

/** A media type that says nothing of what it is. */
function isPlain({ mediaType }: Descriptor): boolean {
  return ['application/octet-stream', 'application/json', ''].includes(mediaType)
}
