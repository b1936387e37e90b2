import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { type Blobs, makeImage, makeLayer } from '../support/image-maker.ts'
import { ImageBuilder, pushIndex } from '../support/images.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { reach } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch

/** Bundles images, verifies the file, and loads it into a containerd; gives the types of the layers, image by image. */
async function carry(images: readonly string[]): Promise<string[][]> {
  const out = join(await temporaryDirectory(), 'out.tar')
  const platform = ['--platform', `linux/${ARCHITECTURE}`]
  const bundled = await runCli(['bundle', ...images.flatMap((image) => ['--image', image]), ...platform, '-o', out])
  expect(bundled.exitCode, bundled.stderr).toBe(0)
  expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
  const containerd = await startContainerd()
  const loaded = await runCli(['load', out, ...reach(containerd)])
  expect(loaded.exitCode, loaded.stderr).toBe(0)
  // An image that CRI knows has been unpacked: every layer could be read.
  for (const image of images) expect(await containerd.cri.imageStatus(image), image).toBeDefined()
  const lock = join(await temporaryDirectory(), 'out.lock')
  await runCli(['lock', ...images.flatMap((image) => ['--image', image]), ...platform, '-o', lock])
  const { images: locked } = JSON.parse(await readFile(lock, 'utf8')) as Lock
  const layersOf = (image: string) => locked.find(({ reference }) => reference === image)?.platforms[0]?.layers ?? []
  return images.map((image) => layersOf(image).map(({ mediaType }) => mediaType))
}

const withTools = testWith(['docker-registry', 'umoci', 'skopeo', 'containerd', 'ctr', 'runc'], { root: true })

withTools('zstd layers, docker manifests, and an index of both kinds: from a registry onto a node', async () => {
  const directory = await temporaryDirectory()
  await mkdir(join(directory, 'registry'))
  const registry = await startDockerRegistry(join(directory, 'registry'))
  onTestFinished(() => registry.stop())
  const builder = await ImageBuilder.create(directory)
  const layers = [await builder.layer('etc/a', 'a'.repeat(10_000)), await builder.layer('etc/b', 100_000)]
  await builder.image('own', layers, { platform: `linux/${ARCHITECTURE}` })
  await builder.image('other', layers, { platform: 'linux/s390x' })
  const name = (repository: string) => `${registry.host}/${repository}:1`
  await builder.push('own', name('zstd'), { compression: 'zstd' })
  await builder.push('own', name('docker'), { format: 'v2s2' })
  const of = (child: Descriptor, architecture: string) => ({ ...child, platform: { os: 'linux', architecture } })
  await pushIndex(name('mixed'), [
    of(await builder.push('own', `${registry.host}/mixed:own`, { format: 'v2s2' }), ARCHITECTURE),
    of(await builder.push('other', `${registry.host}/mixed:other`), 's390x'),
  ])
  const types = await carry([name('docker'), name('mixed'), name('zstd')])
  expect(types.map(([type]) => type)).toEqual([
    'application/vnd.docker.image.rootfs.diff.tar.gzip',
    'application/vnd.docker.image.rootfs.diff.tar.gzip',
    'application/vnd.oci.image.layer.v1.tar+zstd',
  ])
})

testWith(['containerd', 'ctr', 'runc'], { root: true })(
  'layers that a registry may not hand out come from their own address, onto a node',
  async () => {
    const registry = await MemoryRegistry.start()
    const blobs: Blobs = new Map()
    const layer = await makeLayer(blobs, { 'etc/foreign': 'foreign' })
    const asked: unknown[] = []
    const storage = createServer(({ headers }, response) => {
      asked.push(headers.authorization)
      response.end(blobs.get(layer.digest))
    })
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void storage.close())
    const { port } = storage.address() as AddressInfo

    const { config } = makeImage(blobs, [layer], { platform: `linux/${ARCHITECTURE}` })
    const foreignTypes = [
      'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    ]
    for (const [at, mediaType] of foreignTypes.entries()) {
      const urls = [`http://127.0.0.1:${port}/layer`]
      const layers = [{ mediaType, digest: layer.digest, size: layer.size, urls }]
      const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }
      registry.addBlob(`foreign${at}`, blobs.get(config.digest)!, OCI_CONFIG)
      registry.addManifest(`foreign${at}`, '1', manifest, OCI_MANIFEST)
    }
    const images = foreignTypes.map((_, at) => `${registry.host}/foreign${at}:1`)
    expect(await carry(images)).toEqual(foreignTypes.map((type) => [type]))
    expect(asked, 'one blob, however many images have it').toEqual([undefined])
  },
)
