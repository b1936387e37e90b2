import { expect, test } from 'vitest'
import { describeAttachment } from '../../src/bundle/attached/describe-attachment.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'

const subject = digestOf('image')

test.for<[what: string, layer: object, manifest: object, kind: string, type: string]>([
  [
    "BuildKit's provenance",
    {
      mediaType: 'application/vnd.in-toto+json',
      annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
    },
    {},
    'provenance',
    'https://slsa.dev/provenance/v0.2',
  ],
  [
    "BuildKit's SBOM",
    {
      mediaType: 'application/vnd.in-toto+json',
      annotations: { 'in-toto.io/predicate-type': 'https://spdx.dev/Document' },
    },
    {},
    'SBOM',
    'https://spdx.dev/Document',
  ],
  [
    "cosign's attestation",
    { mediaType: 'application/vnd.dsse.envelope.v1+json', annotations: { predicateType: 'https://cyclonedx.org/bom' } },
    {},
    'SBOM',
    'https://cyclonedx.org/bom',
  ],
  [
    'a bundle of Sigstore',
    { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' },
    { annotations: { 'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1' } },
    'signature',
    'https://sigstore.dev/cosign/sign/v1',
  ],
  [
    'one that states something else',
    { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' },
    { annotations: { 'dev.sigstore.bundle.predicateType': 'https://example.com/scan' } },
    'attestation',
    'https://example.com/scan',
  ],
  [
    'a signature of cosign 2',
    { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' },
    {},
    'signature',
    'application/vnd.dev.cosign.simplesigning.v1+json',
  ],
  ['an SBOM as a file', { mediaType: 'text/spdx+json' }, {}, 'SBOM', 'text/spdx+json'],
  [
    'one that only the manifest names',
    { mediaType: 'application/octet-stream' },
    { artifactType: 'application/vnd.cyclonedx+json' },
    'SBOM',
    'application/vnd.cyclonedx+json',
  ],
  [
    "notation's signature",
    { mediaType: 'application/jose+json' },
    { artifactType: 'application/vnd.cncf.notary.signature' },
    'notation signature',
    'application/jose+json',
  ],
  ['anything else', { mediaType: 'text/plain' }, { artifactType: 'a/b' }, 'artifact', 'text/plain'],
])('%s', ([, layer, more, kind, type]) => {
  const blob = { digest: digestOf('blob'), size: 4 }
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', ...blob }
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [{ ...blob, ...layer }], ...more }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const target = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length }
  expect(describeAttachment({ subject, target, blobs: [] }, bytes)).toMatchObject([
    { kind, type, manifest: target.digest, subject, blob },
  ])
})
