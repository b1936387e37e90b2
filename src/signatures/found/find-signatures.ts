import type { Attachment } from '../../bundle/format/lock.ts'
import { ExpectedError, endsRun } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, isContentOf } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import type { Candidate, FoundSignatures, Unreadable } from './candidate.ts'
import { isSigstoreBundle, readSigstoreBundle } from './sigstore-bundle.ts'
import { readSimpleSigning, SIMPLE_SIGNING } from './simple-signing.ts'

/** Reads a manifest or a small blob of the repository of an image, hashed. */
export type ReadDocument = (descriptor: Descriptor) => Promise<Uint8Array>

/** What signatures of the Notary Project are. Source: notaryproject/specifications, signature-specification. */
const NOTATION = 'application/vnd.cncf.notary.signature'
/** More signatures of one image than anybody makes; each costs a request and a computation. */
const MAX_SIGNATURES = 100
/** A statement with thousands of subjects is smaller. */
const MAX_BYTES = 4 * 1024 * 1024

/** What among the things attached to a manifest says to be a signature of it. What a registry fails to give is unreadable. */
export async function findSignatures(
  digest: Digest,
  attachments: readonly Attachment[],
  read: ReadDocument,
): Promise<FoundSignatures> {
  const candidates: Candidate[] = []
  const unreadable: Unreadable[] = []
  let left = MAX_SIGNATURES
  for (const { subject, target } of attachments) {
    if (subject !== digest) continue
    const manifest = target.digest
    const attempt = async <T>(look: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await look()
      } catch (error) {
        if (error instanceof ExpectedError && endsRun(error)) throw error
        unreadable.push({ manifest, problem: error instanceof Error ? error.message : String(error) })
        return undefined
      }
    }
    for (const layer of (await attempt(() => signatureLayers(target, read))) ?? []) {
      if (left-- <= 0) {
        unreadable.push({ manifest, problem: `there are more than ${MAX_SIGNATURES} of them` })
        return { candidates, unreadable }
      }
      const found = await attempt(async () => readLayer(manifest, layer, await readWhole(layer, read)))
      if (found) candidates.push(found)
    }
  }
  return { candidates, unreadable }
}

async function signatureLayers(target: Descriptor, read: ReadDocument): Promise<readonly Descriptor[]> {
  const document = parseManifest(await read(target), target.mediaType, target.digest)
  if (document.kind === 'index') return []
  // Its own type, or its config where the image specification before 1.1 has no other place.
  if ([document.artifactType, document.config.mediaType].includes(NOTATION)) {
    throw new Error('it is signed with notation, which is not judged here')
  }
  return document.layers.filter(({ mediaType }) => mediaType === SIMPLE_SIGNING || isSigstoreBundle(mediaType))
}

async function readWhole(layer: Descriptor, read: ReadDocument): Promise<Buffer> {
  if (layer.size > MAX_BYTES) throw new Error(`it is larger than a signature: ${layer.size} bytes`)
  const bytes = Buffer.from(await read(layer))
  if (!isContentOf(layer.digest, bytes)) throw new Error(`it is not what ${layer.digest} says`)
  return bytes
}

function readLayer(
  manifest: Digest,
  { mediaType, annotations = {} }: Descriptor,
  bytes: Buffer,
): Candidate | undefined {
  if (isSigstoreBundle(mediaType)) return readSigstoreBundle(manifest, bytes)
  return readSimpleSigning(manifest, bytes, annotations)
}
