import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { lockImages } from '../../src/bundle/lock/lock.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { DOCKER_CONFIG, OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const ID = digestOf('layer')

interface Odd {
  readonly config?: object | string
  readonly configType?: string
  readonly types?: readonly string[]
  readonly bom?: true
}

/** What is said when an image is locked, by itself and in an index; or why it cannot be. */
async function saidOf({ config, configType = OCI_CONFIG, types = [OCI_LAYER_GZIP], bom }: Odd, isListed: boolean) {
  const registry = await MemoryRegistry.start()
  const text = typeof config === 'string' ? config : JSON.stringify({ ...AMD64, rootfs: { diff_ids: [ID] }, ...config })
  const layers = types.map((mediaType, at): Descriptor => {
    return { ...registry.addBlob('app', gzipSync(`layer ${at}`)), mediaType }
  })
  const described = registry.addBlob('app', Buffer.from(text), configType)
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: described, layers }
  const bytes = Buffer.from(`${bom ? '\ufeff' : ''}${JSON.stringify(manifest)}`)
  const image = registry.addManifest('app', isListed ? undefined : '1', bytes, OCI_MANIFEST)
  if (isListed) registry.addIndex('app', '1', [{ ...image, platform: AMD64 }])
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  const { lock, failures, leftOut } = await lockImages([parseReference(`${registry.host}/app:1`)], [AMD64], client)
  expect(lock.images).toHaveLength(failures.length > 0 ? 0 : 1)
  return [
    ...failures.map(({ error }) => `${error.code} ${error.message}`),
    ...leftOut.map(({ code, message }) => `${code} ${message}`),
  ]
}

const FINE: [what: string, odd: Odd][] = [
  ['an image', {}],
  ["docker's", { configType: DOCKER_CONFIG, types: ['application/vnd.docker.image.rootfs.diff.tar.gzip'] }],
  ['layers in zstd', { types: ['application/vnd.oci.image.layer.v1.tar+zstd'] }],
  ['layers that are not packed', { types: ['application/vnd.oci.image.layer.v1.tar'] }],
  ['foreign layers', { types: ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'] }],
  ['layers that may not be handed out', { types: ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'] }],
  ['a config that lists no layers', { config: { rootfs: undefined } }],
  ['a variant that nodes do not tell', { config: { variant: 'v1' } }],
]

test.for(FINE.flatMap((row) => [false, true].map((listed) => [row[0], listed, row[1]] as const)))(
  'nothing is said of %s (in an index: %s)',
  async ([, isListed, odd]) => expect(await saidOf(odd, isListed)).toEqual([]),
)

const UNUSABLE: [what: string, odd: Odd, problem: RegExp][] = [
  ['encrypted layers', { types: [`${OCI_LAYER_GZIP}+encrypted`] }, /^LAYERS_UNUSABLE .*type .*\+encrypted/],
  ['layers in bzip2', { types: ['application/vnd.oci.image.layer.v1.tar+bzip2'] }, /^LAYERS_UNUSABLE .*\+bzip2/],
  ['one such layer', { types: [OCI_LAYER_GZIP, 'application/octet-stream'] }, /^LAYERS_UNUSABLE .*octet-stream/],
  ['layers that are missing', { types: [] }, /^LAYERS_UNUSABLE .*its config lists 1 layers, its manifest 0/],
  [
    'a layer too many',
    { types: [OCI_LAYER_GZIP, OCI_LAYER_GZIP] },
    /^LAYERS_UNUSABLE .*lists 1 layers, its manifest 2/,
  ],
  ['a layer without a type', { types: [''] }, /^CONTENT_MISMATCH .*layers\[0\]: sha256:\w+ has no media type/],
  ['a byte order mark', { bom: true }, /^CONTENT_MISMATCH .*not JSON/],
]

test.for(UNUSABLE.flatMap((row) => [false, true].map((listed) => [row[0], listed, row[1], row[2]] as const)))(
  '%s are said (in an index: %s)',
  async ([, isListed, odd, problem]) => {
    expect(await saidOf(odd, isListed)).toEqual([expect.stringMatching(problem)])
  },
)

test.for([{ architecture: 'arm64' }, { os: 'windows' }])(
  'an index that says another platform than the config, %o',
  async (config) => {
    expect(await saidOf({ config }, true)).toEqual([
      expect.stringMatching(/^PLATFORM_ASSUMED .*for linux\/amd64: its config says (?:linux\/arm64|windows\/amd64)/),
    ])
  },
)
