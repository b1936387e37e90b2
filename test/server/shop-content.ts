import type { Descriptor } from '../../src/oci/descriptor.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { MemoryContent } from '../../src/server/registry/memory-content.ts'

export const LAYER = Buffer.from('0123456789abcdefghij')

/** One image under two tags, an index over it, a signature that refers to it, and a second upstream registry. */
export function shopContent() {
  const content = new MemoryContent()
  const config = content.addBlob(OCI_CONFIG, Buffer.from('{"architecture":"amd64","os":"linux"}'))
  const layer = content.addBlob(OCI_LAYER_GZIP, LAYER)
  const image = manifestOf(config, [layer])
  const manifest = content.addManifest('docker.io/library/shop', image, '1.0')
  content.addManifest('docker.io/library/shop', image, '1.1')
  const index = content.addManifest(
    'docker.io/library/shop',
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [manifest] },
    'latest',
  )
  const signature = content.addManifest('docker.io/library/shop', {
    ...manifestOf(content.addBlob('application/vnd.oci.empty.v1+json', Buffer.from('{}')), [layer]),
    artifactType: 'application/vnd.example.signature',
    subject: manifest,
    annotations: { signer: 'shop' },
  })
  const sbom = content.addManifest('docker.io/library/shop', {
    ...manifestOf(content.addBlob('application/vnd.example.sbom', Buffer.from('{"packages":[]}')), [layer]),
    subject: manifest,
  })
  content.addManifest('registry.example.com:5000/team/app', image, '2.0')
  return { content, config, layer, manifest, index, signature, sbom }
}

function manifestOf(config: Descriptor, layers: Descriptor[]) {
  return { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }
}
