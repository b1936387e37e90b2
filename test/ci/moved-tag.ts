import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import type { MemoryContent } from '../../src/server/registry/memory-content.ts'

/** Puts another image under a tag of the demo, so that whoever locked it before sees that it has moved. */
export function moveTag(content: MemoryContent): void {
  const config = content.addBlob(OCI_CONFIG, Buffer.from('{"os":"linux","architecture":"amd64","rootfs":{}}'))
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] }
  content.addManifest('registry.example.com/shop/web', manifest, '1.4')
}
