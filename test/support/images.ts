import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pack } from 'tar-stream'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_INDEX } from '../../src/oci/media-type.ts'
import { runTool } from './debian.ts'

/** Builds images with umoci in an OCI layout and pushes them with skopeo. */
export class ImageBuilder {
  readonly #layout: string
  readonly #directory: string
  #layers = 0

  private constructor(directory: string) {
    this.#directory = directory
    this.#layout = join(directory, 'layout')
  }

  static async create(directory: string): Promise<ImageBuilder> {
    const builder = new ImageBuilder(directory)
    await runTool('umoci', ['init', '--layout', builder.#layout])
    return builder
  }

  /** An uncompressed layer with one executable file: a text, a program, or as many random bytes. */
  async layer(name: string, content: string | Buffer | number): Promise<string> {
    const path = join(this.#directory, `layer-${this.#layers++}.tar`)
    const archive = pack()
    if (typeof content !== 'number') archive.entry({ name, mode: 0o755, mtime: new Date(0) }, content)
    else await writeRandom(`${path}.content`, content)
    if (typeof content === 'number') {
      const entry = archive.entry({ name, size: content, mtime: new Date(0) })
      createReadStream(`${path}.content`).pipe(entry as unknown as NodeJS.WritableStream)
      entry.on('finish', () => archive.finalize())
    } else archive.finalize()
    await writeFile(path, archive as AsyncIterable<Uint8Array>)
    return path
  }

  /** An image of layers; the same layers make the same blobs, since umoci compresses reproducibly. */
  async image(
    tag: string,
    layers: readonly string[],
    { platform = 'linux/amd64', command = ['/hello'] } = {},
  ): Promise<void> {
    const image = `${this.#layout}:${tag}`
    const [os = '', architecture = ''] = platform.split('/')
    await runTool('umoci', ['new', '--image', image])
    for (const layer of layers) {
      await runTool('umoci', ['raw', 'add-layer', '--image', image, '--history.created', EPOCH, layer])
    }
    await runTool('umoci', [
      ...['config', '--image', image, '--os', os, '--architecture', architecture, '--created', EPOCH],
      ...['--history.created', EPOCH, ...command.flatMap((word) => ['--config.cmd', word])],
    ])
  }

  /** Pushes an image, its layers compressed anew where that is asked; gives what the registry then has under that name. */
  async push(
    tag: string,
    destination: string,
    { format = 'oci', compression }: { format?: 'oci' | 'v2s2'; compression?: 'zstd' } = {},
  ): Promise<Descriptor> {
    const options = ['-f', format, '--dest-tls-verify=false']
    if (compression) options.push('--dest-compress', '--dest-compress-format', compression)
    await skopeo(['copy', ...options, `oci:${this.#layout}:${tag}`, `docker://${destination}`])
    const { bytes, mediaType } = await fetchManifest(destination)
    return { mediaType, digest: digestOf(bytes), size: bytes.length }
  }
}

const EPOCH = '2020-01-01T00:00:00Z'

/** Skopeo without a trust policy, which a machine that has only the unpacked package lacks. */
export async function skopeo(args: string[]) {
  return runTool('skopeo', ['--insecure-policy', ...args])
}

/** Makes an index of manifests that the repository has, and pushes it under a tag. */
export async function pushIndex(destination: string, manifests: readonly (Descriptor & object)[]): Promise<Descriptor> {
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, null, 3))
  const response = await fetch(manifestUrl(destination), {
    method: 'PUT',
    headers: { 'content-type': OCI_INDEX },
    body: content,
  })
  if (!response.ok) throw new Error(`${destination}: ${response.status} ${await response.text()}`)
  return { mediaType: OCI_INDEX, digest: digestOf(content), size: content.length }
}

async function fetchManifest(reference: string): Promise<{ bytes: Buffer; mediaType: string }> {
  const accept = ['index.v1', 'manifest.v1'].map((type) => `application/vnd.oci.image.${type}+json`)
  const headers = { accept: [...accept, 'application/vnd.docker.distribution.manifest.v2+json'].join(', ') }
  const response = await fetch(manifestUrl(reference), { headers })
  if (!response.ok) throw new Error(`${reference}: ${response.status}`)
  return { bytes: Buffer.from(await response.arrayBuffer()), mediaType: response.headers.get('content-type') ?? '' }
}

/** `127.0.0.1:5000/team/web:1` as an address. */
function manifestUrl(reference: string): string {
  const [, host, repository, tag] = /^([^/]+)\/(.+):([^:/]+)$/.exec(reference) ?? []
  return `http://${host}/v2/${repository}/manifests/${tag}`
}

/** Random, so that no compression makes it smaller; one megabyte is repeated with a counter, so that it is cheap. */
async function writeRandom(path: string, bytes: number): Promise<void> {
  const handle = await open(path, 'w')
  const chunk = randomBytes(1 << 20)
  for (let at = 0; at < bytes; at += chunk.length) {
    chunk.writeUInt32LE(at >>> 8, 0)
    await handle.write(chunk, 0, Math.min(chunk.length, bytes - at))
  }
  await handle.close()
}
