import type { Lock } from '../../src/bundle/format/lock.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'

/** Writes a bundle of the image `library/big:1`, whose one layer is this blob. The digest of the blob. */
export async function writeOneBlobBundle(path: string, blob: Buffer): Promise<Digest> {
  const layer = describe('application/vnd.oci.image.layer.v1.tar', blob)
  const configBytes = Buffer.from('{"architecture":"amd64","os":"linux"}')
  const config = describe('application/vnd.oci.image.config.v1+json', configBytes)
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifestBytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }))
  const target = describe(mediaType, manifestBytes)
  const platforms = [{ platform: { os: 'linux', architecture: 'amd64' }, manifest: target, config, layers: [layer] }]
  const reference = 'docker.io/library/big:1'
  const lock: Lock = { version: 1, images: [{ reference, names: [reference], target, platforms }] }
  const writer = await BundleWriter.create(path, planBundle(lock))
  for (const bytes of [manifestBytes, configBytes, blob]) {
    const part = writer.blob(digestOf(bytes))
    await part.write(bytes)
    await part.end()
  }
  await writer.commit()
  return layer.digest
}

function describe(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}
