import { gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import {
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/oci/media-type.ts'
import { formatPlatform, parsePlatform } from '../../src/oci/platform.ts'

/** Blobs by digest, as a registry or a bundle keeps them. */
export type Blobs = Map<Digest, Buffer>

/** An image on one platform, made of files. */
export interface ImagePart {
  readonly manifest: Descriptor
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

interface ImageConfig {
  readonly platform?: string
  readonly command?: string[]
  readonly user?: string
  readonly docker?: boolean
}

const EPOCH = new Date(0)

/** A layer of files; those with content of more than one line of text are made executable. */
export async function makeLayer(
  blobs: Blobs,
  files: Record<string, Buffer | string>,
): Promise<Descriptor & { diffId: Digest }> {
  const tar = await tarOf(Object.entries(files).map(([name, content]) => [{ name, mode: 0o755 }, content]))
  const content = gzipSync(tar, { level: 1 })
  return { ...put(blobs, content, OCI_LAYER_GZIP), diffId: digestOf(tar) }
}

/** An image manifest over layers. */
export function makeImage(
  blobs: Blobs,
  layers: readonly (Descriptor & { diffId: Digest })[],
  { platform = 'linux/amd64', command = [], user = '', docker = false }: ImageConfig = {},
): ImagePart {
  const config = putJson(blobs, docker ? DOCKER_CONFIG : OCI_CONFIG, {
    ...parsePlatform(platform),
    config: { Cmd: command, User: user, Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  })
  const plain = layers.map(({ digest, size }) => ({
    mediaType: docker ? 'application/vnd.docker.image.rootfs.diff.tar.gzip' : OCI_LAYER_GZIP,
    digest,
    size,
  }))
  const mediaType = docker ? DOCKER_MANIFEST : OCI_MANIFEST
  const manifest = putJson(blobs, mediaType, { schemaVersion: 2, mediaType, config, layers: plain })
  return { manifest: { ...manifest, platform: parsePlatform(platform) }, config, layers: plain }
}

/** An index over images; `absent` platforms are listed, but their content is nowhere: a sparse index. */
export function makeIndex(blobs: Blobs, parts: readonly ImagePart[], absent: readonly string[] = []): Descriptor {
  const missing = absent.map((platform) => ({
    mediaType: OCI_MANIFEST,
    digest: digestOf(`absent ${platform}`),
    size: 500,
    platform: parsePlatform(platform),
  }))
  const manifests = [...parts.map(({ manifest }) => manifest), ...missing]
  return putJson(blobs, OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests })
}

/** The lock's entry of an image: its names are `repository:tag` (where there is a tag) and `repository@digest`. */
export function lockImage(
  repository: string,
  tag: string | undefined,
  target: Descriptor,
  parts: ImagePart[],
): LockedImage {
  const names = [...(tag ? [`${repository}:${tag}`] : []), `${repository}@${target.digest}`]
  return {
    reference: names[0] ?? '',
    names,
    target,
    platforms: parts.map(({ manifest, config, layers }) => ({
      platform: manifest.platform ?? parsePlatform('linux/amd64'),
      manifest,
      config,
      layers,
    })),
  }
}

export async function tarOf(entries: [Partial<Header> & { name: string }, Buffer | string][]): Promise<Buffer> {
  const tar = pack()
  for (const [header, content] of entries) tar.entry({ mtime: EPOCH, ...header }, content)
  tar.finalize()
  return Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>))
}

/** `linux/amd64` of what this machine runs. */
export function thisPlatform(): string {
  return formatPlatform(parsePlatform(process.arch === 'x64' ? 'amd64' : process.arch))
}

function put(blobs: Blobs, content: Buffer, mediaType: string): Descriptor {
  const digest = digestOf(content)
  blobs.set(digest, content)
  return { mediaType, digest, size: content.length }
}

function putJson(blobs: Blobs, mediaType: string, value: unknown): Descriptor {
  return put(blobs, Buffer.from(JSON.stringify(value)), mediaType)
}
