import { expect, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-type.ts'

const config = { mediaType: OCI_CONFIG, digest: digestOf('config'), size: 6 }
const layer = { mediaType: OCI_LAYER, digest: digestOf('layer'), size: 5 }
const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...config, mediaType: OCI_MANIFEST }] }

const parse = (value: object) => parseManifest(Buffer.from(JSON.stringify(value)), undefined, 'it')

test.for<[what: string, value: object, field: string]>([
  ['layers twice', { ...manifest, Layers: [] }, '"Layers" that some programs read as "layers"'],
  [
    'a type in other letters',
    { ...manifest, mediatype: OCI_INDEX },
    '"mediatype" that some programs read as "mediaType"',
  ],
  ['an s that Go takes for one', { ...manifest, layer\u017F: [] }, '"layer\u017F" that some programs read as "layers"'],
  ['a k that is none', { ...manifest, '\u212Aonfig': 1, Config: config }, '"Config"'],
  ['a layer with two digests', { ...manifest, layers: [{ ...layer, Digest: config.digest }] }, '"Digest"'],
  ['an index of two lists', { ...index, MANIFESTS: [] }, '"MANIFESTS"'],
  [
    'a platform of two kinds',
    { ...index, manifests: [{ ...config, platform: { os: 'linux', OS: 'windows' } }] },
    '"OS"',
  ],
])('what programs read in different ways is refused: %s', ([, value, field]) => {
  expect(() => parse(value)).toThrow(
    expect.objectContaining({ code: 'CONTENT_MISMATCH', message: expect.stringContaining(field) }),
  )
})

test('annotations have names of their own', () => {
  const annotations = { Size: '1', size: '2', Layers: 'x' }
  expect(parse({ ...manifest, annotations })).toMatchObject({ kind: 'manifest', annotations })
})
