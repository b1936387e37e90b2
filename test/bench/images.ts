import { randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'

/** An image in a registry, with what it is made of. */
export interface BenchImage {
  readonly repository: string
  readonly tag: string
  /** Its digest. */
  readonly manifest: Digest
  readonly blobs: readonly Descriptor[]
}

/** Sizes of the layers that an image has for itself, in megabytes, and how many of the shared ones it has. */
const IMAGES: [own: number[], shared: number][] = [
  [[96, 3, 1, 0.5], 2],
  [[64, 48, 2, 1], 3],
  [[120, 1, 0.2], 1],
  [[40, 30, 20, 10], 4],
  [[88, 12, 4, 0.4], 2],
  [[55, 25, 5], 3],
  [[110, 6, 2, 0.1], 2],
  [[35, 35, 15, 2], 1],
  [[70, 22, 3], 4],
  [[60, 40, 8, 4, 1], 2],
  [[90, 9, 1, 0.3], 3],
  [[33, 21, 13, 8, 5], 4],
]
const SHARED = [80, 45, 28, 12]

/** Twelve images of 63 distinct blobs, about 1.4 GB or `scale` times as much, pushed into a registry. */
export async function pushBenchImages(host: string, scale = 1): Promise<BenchImage[]> {
  const shared = SHARED.map((megabytes) => randomLayer(scale * megabytes))
  const images: BenchImage[] = []
  for (const [at, [own, count]] of IMAGES.entries()) {
    const contents = [...shared.slice(0, count), ...own.map((megabytes) => randomLayer(scale * megabytes))]
    images.push(await pushImage(host, { repository: `bench/image-${at}`, tag: '1' }, contents))
  }
  return images
}

/** The same image with another layer on top, under the tag `2`. */
export async function pushChanged(host: string, { repository, blobs }: BenchImage): Promise<BenchImage> {
  const layers = await Promise.all(
    blobs.slice(1).map(async ({ digest }) => {
      return Buffer.from(await (await fetch(`http://${host}/v2/${repository}/blobs/${digest}`)).arrayBuffer())
    }),
  )
  return pushImage(host, { repository, tag: '2' }, [...layers.slice(0, -1), randomLayer(layers.at(-1)!.length / 1e6)])
}

/** A gzip layer of about so many megabytes. Its content is random text, so that unpacking it costs what it does elsewhere. */
function randomLayer(megabytes: number): Buffer {
  // Base64 has six random bits in a byte: gzip leaves a little more than three quarters of it.
  return gzipSync(randomBytes(Math.round(megabytes * 1e6 * 0.99)).toString('base64'), { level: 1 })
}

/** Pushes an image of layers under a tag. */
async function pushImage(
  host: string,
  { repository, tag }: { repository: string; tag: string },
  layers: readonly Buffer[],
): Promise<BenchImage> {
  const descriptors: Descriptor[] = []
  for (const layer of layers) descriptors.push(await pushBlob(host, repository, layer, OCI_LAYER_GZIP))
  const rootfs = { type: 'layers', diff_ids: layers.map((layer) => digestOf(gunzipSync(layer))) }
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs, repository }))
  const configDescriptor = await pushBlob(host, repository, config, OCI_CONFIG)
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: configDescriptor, layers: descriptors }
  const bytes = Buffer.from(JSON.stringify(manifest))
  await put(`http://${host}/v2/${repository}/manifests/${tag}`, bytes, OCI_MANIFEST)
  return { repository, tag, manifest: digestOf(bytes), blobs: [configDescriptor, ...descriptors] }
}

async function pushBlob(host: string, repository: string, content: Buffer, mediaType: string): Promise<Descriptor> {
  const digest = digestOf(content)
  const start = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  const location = new URL(start.headers.get('location') ?? '', `http://${host}`)
  location.searchParams.set('digest', digest)
  await put(location.href, content, 'application/octet-stream')
  return { mediaType, digest, size: content.length }
}

async function put(url: string, body: Buffer, contentType: string): Promise<void> {
  const response = await fetch(url, { method: 'PUT', body, headers: { 'content-type': contentType } })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
}
