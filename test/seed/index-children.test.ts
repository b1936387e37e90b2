import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { lockImages } from '../../src/bundle/lock/lock.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parsePlatform } from '../../src/oci/platform.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { type Blobs, type ImagePart, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { reach, runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const NAME = 'registry.example/team/app:1'
const here = thisPlatform()

/** What indexes in the wild list beside the image that runs; `runs` is that image. */
const INDEXES: Record<string, (make: Maker) => Promise<{ children: Descriptor[]; runs: ImagePart }>> = {
  'two images of one platform': async (make) => {
    const [first, second] = [await make.image('first'), await make.image('second')]
    return { children: [first.manifest, second.manifest], runs: first }
  },
  'an image for which the index says no platform': async (make) => {
    const only = await make.image('only')
    return { children: [bare(only.manifest)], runs: only }
  },
  'one with a platform and one without, of another': async (make) => {
    const [image, other] = [await make.image('app'), await make.image('other', 'linux/s390x')]
    return { children: [image.manifest, bare(other.manifest)], runs: image }
  },
  'one without a platform that names none itself': async (make) => {
    const image = await make.image('app')
    const silent = make.put(OCI_MANIFEST, {
      ...{ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] },
      config: make.put(OCI_CONFIG, { rootfs: { type: 'layers', diff_ids: [] } }),
    })
    return { children: [image.manifest, silent], runs: image }
  },
  'a SOCI artifact that bears the platform of the image': async (make) => {
    const image = await make.image('app')
    return { children: [image.manifest, make.artifact(parsePlatform(here))], runs: image }
  },
  'an artifact without a platform': async (make) => {
    const image = await make.image('app')
    return { children: [image.manifest, make.artifact()], runs: image }
  },
  'attestations, one of them without a platform': async (make) => {
    const image = await make.image('app')
    const annotations = {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': image.manifest.digest,
    }
    const unknown = { os: 'unknown', architecture: 'unknown' }
    const absent = { mediaType: OCI_MANIFEST, digest: digestOf('absent'), size: 10, platform: unknown }
    return {
      children: [image.manifest, { ...absent, annotations }, { ...make.artifact(), annotations }],
      runs: image,
    }
  },
  'what is neither a manifest nor an index': async (make) => {
    const image = await make.image('app')
    const other = { mediaType: 'application/vnd.oci.artifact.manifest.v1+json', digest: digestOf('other'), size: 10 }
    return { children: [image.manifest, other], runs: image }
  },
}

for (const [what, write] of Object.entries(INDEXES)) {
  testWith(['containerd', 'ctr', 'runc'], { root: true })(
    `an index that lists ${what}: locked, bundled, imported and unpacked`,
    async () => {
      const make = new Maker()
      const { children, runs } = await write(make)
      const image = await make.lock(children, [here])
      expect(image.platforms.map(({ manifest }) => manifest.digest)).toEqual([runs.manifest.digest])
      const file = join(await temporaryDirectory(), 'app.tar')
      await writeTestBundle(file, [image, await make.plain()], make.blobs)

      const containerd = await startContainerd()
      const seeded = await runNodeScript([...reach(containerd), file])
      expect(seeded, seeded.stderr).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
      // All at once: what an importer asks for is there.
      expect(seeded.stderr).not.toContain('image by image')
      for (const name of image.names) {
        expect(await containerd.cri.imageStatus(name), name).toMatchObject({ id: runs.config.digest })
      }
    },
  )
}

testWith(['containerd', 'ctr', 'runc'], { root: true })(
  'an image that arm/v7 has only as arm/v6 is taken and imported as that',
  async () => {
    const make = new Maker()
    const [v6, v7] = [await make.image('six', 'linux/arm/v6'), await make.image('seven', 'linux/arm/v7')]
    const six = await make.lock([v6.manifest], ['linux/arm/v7'])
    const seven = await make.lock([v6.manifest, v7.manifest], ['linux/arm/v7'], 'registry.example/team/seven:1')
    expect(six.platforms[0]?.platform).toEqual({ os: 'linux', architecture: 'arm', variant: 'v6' })
    expect(seven.platforms.map(({ manifest }) => manifest.digest)).toEqual([v7.manifest.digest])
    const file = join(await temporaryDirectory(), 'app.tar')
    await writeTestBundle(file, [six, seven], make.blobs)
    const containerd = await startContainerd()
    // A client of this machine's platform finds no image for it; what was imported is the question.
    await runNodeScript([...reach(containerd), '--platform', 'linux/arm/v7', file])
    const content = await containerd.ctr('content', 'ls', '-q')
    for (const { digest } of [v6.manifest, v6.config, ...v6.layers, v7.manifest, ...v7.layers]) {
      expect(content).toContain(digest)
    }
    expect(await containerd.ctr('images', 'ls', '-q')).toContain(six.names[0])
  },
)

test('a bundle that holds nothing for a platform says for which it does', async () => {
  const make = new Maker()
  const file = join(await temporaryDirectory(), 'app.tar')
  const image = await make.lock([(await make.image('app', 'linux/amd64/v3')).manifest], ['linux/amd64/v3'])
  await writeTestBundle(file, [image], make.blobs)
  const root = await temporaryDirectory()
  const args = ['--method', 'bake', '--root', root, '--platform', 'linux/amd64', file]
  const { code, stderr } = await runNodeScript(args)
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('holds nothing for linux/amd64, only for linux/amd64/v3'),
  })
})

/** Makes documents, and locks them as `bundle` does. */
class Maker {
  readonly blobs: Blobs = new Map()

  async image(content: string, platform = here): Promise<ImagePart> {
    return makeImage(this.blobs, [await makeLayer(this.blobs, { 'etc/app': content })], { platform })
  }

  put(mediaType: string, value: unknown): Descriptor {
    const bytes = Buffer.from(JSON.stringify(value))
    this.blobs.set(digestOf(bytes), bytes)
    return { mediaType, digest: digestOf(bytes), size: bytes.length }
  }

  artifact(platform?: Descriptor['platform']): Descriptor {
    const manifest = this.put(OCI_MANIFEST, {
      ...{ schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: 'application/vnd.amazon.soci.index.v2+json' },
      config: this.put('application/vnd.oci.empty.v1+json', {}),
      layers: [this.put('application/octet-stream', `table of contents ${this.blobs.size}`)],
    })
    return { ...manifest, ...(platform && { platform }) }
  }

  async lock(children: readonly Descriptor[], platforms: readonly string[], name = NAME): Promise<LockedImage> {
    return this.#locked(
      this.put(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children }),
      platforms,
      name,
    )
  }

  /** An image like any other, which must not suffer. */
  async plain(): Promise<LockedImage> {
    return this.#locked((await this.image('plain')).manifest, [here], 'registry.example/team/plain:1')
  }

  async #locked(target: Descriptor, platforms: readonly string[], name: string): Promise<LockedImage> {
    const source = {
      resolve: async () => target,
      readDocument: async (_: unknown, { digest }: Descriptor) => this.blobs.get(digest as Digest) ?? Buffer.alloc(0),
    }
    const { lock, failures } = await lockImages([parseReference(name)], platforms.map(parsePlatform), source)
    expect(failures).toEqual([])
    return lock.images[0]!
  }
}

function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}
