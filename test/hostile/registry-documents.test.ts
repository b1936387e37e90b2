import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verifyBundle } from '../../src/bundle/check/verify.ts'
import { fillBundle } from '../../src/bundle/fill/fill.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { lockImages } from '../../src/bundle/lock/lock.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Puts an image under `app:1` whose documents are not what they should be. */
type Document = (registry: MemoryRegistry) => unknown

const CONFIG = Buffer.from('{"os":"linux","architecture":"amd64","rootfs":{}}')
const PLATFORM = { os: 'linux', architecture: 'amd64' }

/** The document in place of a good manifest; `config` and a layer are there. */
const manifest =
  (change: (good: Record<string, unknown>) => object, type = OCI_MANIFEST): Document =>
  (registry) => {
    const config = registry.addBlob('app', CONFIG, OCI_CONFIG)
    const layers = [registry.addBlob('app', Buffer.from('layer'), OCI_LAYER_GZIP)]
    registry.addManifest('app', '1', change({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }), type)
  }

/** The document in place of a good index. */
const index =
  (change: (child: Record<string, unknown>) => object, type = OCI_INDEX): Document =>
  (registry) => {
    const child = registry.addImage('app', undefined, [Buffer.from('layer')])
    registry.addManifest('app', '1', change({ ...child, platform: PLATFORM }), type)
  }

const asIndex = (manifests: unknown) => ({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })

const withConfig =
  (content: string): Document =>
  (registry) => {
    const config = registry.addBlob('app', Buffer.from(content), OCI_CONFIG)
    registry.addManifest('app', '1', { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] }, OCI_MANIFEST)
  }

test.for<[what: string, document: Document]>([
  ['an index under the type of a manifest', index((child) => asIndex([child]), OCI_MANIFEST)],
  [
    'an index that names no type, under that of a manifest',
    index((child) => ({ schemaVersion: 2, manifests: [child] }), OCI_MANIFEST),
  ],
  ['an index that says it is a manifest', index((child) => ({ ...asIndex([child]), mediaType: OCI_MANIFEST }))],
  ['a manifest under the type of an index', manifest((good) => good, OCI_INDEX)],
  ['a manifest that names no type, under that of an index', manifest(({ mediaType: _, ...good }) => good, OCI_INDEX)],
  ['a manifest that says it is an index', manifest((good) => ({ ...good, mediaType: OCI_INDEX }))],
  [
    'a child that is an index and said to be a manifest',
    (registry) => {
      const inner = registry.addIndex('app', 'inner', [])
      registry.addIndex('app', '1', [{ ...inner, mediaType: OCI_MANIFEST, platform: PLATFORM }])
    },
  ],
  [
    'a child that is a manifest and said to be an index',
    index((child) => asIndex([{ ...child, mediaType: OCI_INDEX }])),
  ],
  [
    'a child that is a config and said to be a manifest',
    (registry) => {
      const config = registry.addManifest('app', undefined, JSON.parse(CONFIG.toString()), OCI_CONFIG)
      registry.addIndex('app', '1', [{ ...config, mediaType: OCI_MANIFEST, platform: PLATFORM }])
    },
  ],
  ['a child of a type nobody knows', index((child) => asIndex([{ ...child, mediaType: 'application/x' }]))],
  ['a child of half its size', index((child) => asIndex([{ ...child, size: 3 }]))],
  ['a child of an enormous size', index((child) => asIndex([{ ...child, size: Number.MAX_SAFE_INTEGER }]))],
  [
    'a child with a platform of numbers',
    index((child) => asIndex([{ ...child, platform: { os: 1, architecture: [] } }])),
  ],
  ['a child with null for a platform', index((child) => asIndex([{ ...child, platform: null }]))],
  ['a child with annotations of lists', index((child) => asIndex([{ ...child, annotations: { a: [1], b: null } }]))],
  ['no children', index(() => asIndex([]))],
  ['children of null', index(() => asIndex([null, 1, 'x']))],
  ['children that are an object', index((child) => asIndex({ 0: child }))],
  ['the same child ten thousand times', index((child) => asIndex(Array(10_000).fill(child)))],
  ['no config', manifest(({ config: _, ...good }) => good)],
  ['a config of null', manifest((good) => ({ ...good, config: null }))],
  ['a config that is a layer', manifest((good) => ({ ...good, config: (good.layers as object[])[0] }))],
  ['layers of null', manifest((good) => ({ ...good, layers: null }))],
  ['a layer below zero', manifest((good) => ({ ...good, layers: [{ ...(good.layers as object[])[0], size: -1 }] }))],
  [
    'a layer of a size that is a text',
    manifest((good) => ({ ...good, layers: [{ ...(good.layers as object[])[0], size: '5' }] })),
  ],
  [
    'a layer of the wrong size',
    manifest((good) => ({ ...good, layers: [{ ...(good.layers as object[])[0], size: 50 }] })),
  ],
  [
    'a layer that is not there',
    manifest((good) => ({
      ...good,
      layers: [{ mediaType: OCI_LAYER_GZIP, digest: `sha256:${'0'.repeat(64)}`, size: 5 }],
    })),
  ],
  [
    'a digest of an algorithm nobody knows',
    manifest((good) => ({
      ...good,
      layers: [{ mediaType: OCI_LAYER_GZIP, digest: `md5:${'0'.repeat(32)}`, size: 5 }],
    })),
  ],
  [
    'a digest that is a path',
    manifest((good) => ({
      ...good,
      layers: [{ mediaType: OCI_LAYER_GZIP, digest: 'sha256:../../etc/passwd', size: 5 }],
    })),
  ],
  [
    'urls of odd shape',
    manifest((good) => ({
      ...good,
      layers: [
        { mediaType: OCI_LAYER_GZIP, digest: `sha256:${'0'.repeat(64)}`, size: 5, urls: [1, null, 'http://[', {}] },
      ],
    })),
  ],
  ['a subject of null', manifest((good) => ({ ...good, subject: null }))],
  ['a type that is a list', manifest((good) => ({ ...good, mediaType: [OCI_MANIFEST] }))],
  [
    'schema 1',
    manifest(
      () => ({ schemaVersion: 1, fsLayers: [], history: [] }),
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
    ),
  ],
  ['a prototype', manifest(() => JSON.parse('{"__proto__":{"config":1},"constructor":null,"schemaVersion":2}'))],
  ['a config that is no JSON', withConfig('{')],
  ['a config of null', withConfig('null')],
  ['a config of a list', withConfig('[]')],
  ['a config with a platform of numbers', withConfig('{"os":1,"architecture":{},"variant":[]}')],
  ['a config with layers of null', withConfig('{"os":"linux","architecture":"amd64","rootfs":null,"config":[]}')],
  ['a config that nests deep', withConfig(`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)],
])('%s: a bundle, or an error that names the image', async ([, document]) => {
  const registry = await MemoryRegistry.start()
  document(registry)
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  // What is thrown would be a bug.
  const locked = await lockImages([parseReference(`${registry.host}/app:1`)], [PLATFORM], client)
  const plan = planBundle(locked.lock)
  const file = join(await temporaryDirectory(), 'out.tar')
  const writer = await BundleWriter.create(file, plan)
  const { failures } = await fillBundle({ lock: locked.lock, files: plan.files }, client, writer, locked)
  for (const { error } of [...locked.failures, ...failures]) expect(error.message).toContain(`${registry.host}`)
  if (failures.length > 0) return await writer.leave()
  await writer.commit()
  const bundle = await openBundle(file)
  onTestFinished(() => bundle.close())
  expect(await verifyBundle(bundle)).toEqual([])
})
