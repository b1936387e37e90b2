import { ExpectedError } from '../../errors.ts'
import { imageNames } from '../../oci/content/image-names.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf, hashChunks, isDigest } from '../../oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../oci/media-type.ts'
import { compressionOf, unpack } from '../compressed/compression.ts'
import type { ByteFile } from '../files/byte-file.ts'
import type { TarEntry } from '../tar/tar-index.ts'
import { type ArchiveBlob, ArchiveContent } from './archive-content.ts'
import { fieldsOf, invalid, parseEntry, readEntry, textsOf } from './archive-json.ts'

const CAVEAT = `a docker archive: it has tags and no digests of a registry, so pods that name a digest do not find it, and nothing in it says who made it`

/** Reads an archive's layers once each, however many images share them. */
interface Reading {
  readonly file: ByteFile
  readonly entries: ReadonlyMap<string, TarEntry>
  readonly blobs: Map<Digest, ArchiveBlob>
  /** Compressed layers, by their place. */
  readonly hashed: Map<number, { readonly layer: Descriptor; readonly text: Digest }>
  readonly configs: Map<string, Promise<Config>>
}

interface Config {
  readonly descriptor: Descriptor
  readonly diffIds: readonly Digest[]
}

/**
 * What `docker save` writes up to docker 24, and `podman save`, `skopeo copy ... docker-archive:` and the makers of k3s'
 * and RKE2's image archives with it: a `manifest.json` that names configs and layers. It has no manifests, so each image
 * gets one here, the same from the same archive. Takes the file over. Source: moby, image/spec/spec.md.
 *
 * @param listed what its `manifest.json` says
 * @throws {ExpectedError} BUNDLE_INVALID
 */
export async function openDockerArchive(
  file: ByteFile,
  entries: ReadonlyMap<string, TarEntry>,
  listed: readonly unknown[],
): Promise<ArchiveContent> {
  const reading: Reading = { file, entries, blobs: new Map(), hashed: new Map(), configs: new Map() }
  const images: [string | undefined, Descriptor][] = []
  for (const [index, value] of listed.entries()) {
    const { Config, RepoTags, Layers } = fieldsOf(value)
    // An image without layers has none instead of an empty list.
    if (typeof Config !== 'string' || !(Array.isArray(Layers) || Layers === null)) {
      throw invalid(file, `manifest.json, entry ${index}: neither an image of docker nor of imgpkg`)
    }
    const manifest = await manifestFor(reading, Config, textsOf(Layers))
    const tags = textsOf(RepoTags)
    images.push(
      ...(tags.length > 0 ? tags : [undefined]).map((tag): [string | undefined, Descriptor] => [tag, manifest]),
    )
  }
  return new ArchiveContent(file, { ...imageNames(images), blobs: reading.blobs, caveats: [CAVEAT] })
}

async function manifestFor(reading: Reading, config: string, layers: readonly string[]): Promise<Descriptor> {
  const known = reading.configs.get(config) ?? readConfig(reading, config)
  reading.configs.set(config, known)
  const { descriptor, diffIds } = await known
  if (layers.length !== diffIds.length) {
    throw invalid(reading.file, `${config} has ${diffIds.length} layers, and manifest.json lists ${layers.length}`)
  }
  const described: Descriptor[] = []
  for (const [index, name] of layers.entries()) described.push(await layerFor(reading, name, diffIds[index]!))
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: described }
  const bytes = new TextEncoder().encode(JSON.stringify(manifest))
  const digest = digestOf(bytes)
  reading.blobs.set(digest, { size: bytes.length, bytes })
  return { mediaType: OCI_MANIFEST, digest, size: bytes.length }
}

async function readConfig({ file, entries, blobs }: Reading, name: string): Promise<Config> {
  const { entry, bytes } = await readEntry(file, entries, name)
  const digest = digestOf(bytes)
  const [named] = /[0-9a-f]{64}(?=\.json$|$)/.exec(name) ?? []
  if (named && digest !== `sha256:${named}`) throw invalid(file, `${name} is damaged: it hashes to ${digest}`)
  const { diff_ids: listed } = fieldsOf(fieldsOf(parseEntry(file, name, bytes)).rootfs)
  const diffIds = listed ?? []
  if (!Array.isArray(diffIds) || !diffIds.every(isDigest))
    throw invalid(file, `${name} lists no layers (rootfs.diff_ids)`)
  blobs.set(digest, { size: entry.size, offset: entry.offset })
  return { descriptor: { mediaType: OCI_CONFIG, digest, size: entry.size }, diffIds }
}

/**
 * A layer that is not compressed has the digest that the config gives it, so its bytes need no reading. Of one that is, only
 * what it unpacks to says whether it is the one that the config means, since its digest is that of whatever is there.
 */
async function layerFor(reading: Reading, name: string, diffId: Digest): Promise<Descriptor> {
  const { file, entries, blobs, hashed } = reading
  const entry = entries.get(name)
  if (!entry) throw invalid(file, `lacks ${JSON.stringify(name)}, a layer that its manifest.json names`)
  const { offset, size } = entry
  const compression = compressionOf(await file.read(offset, Math.min(6, size)))
  const mediaType = LAYER_TYPES[compression?.name ?? '']
  if (compression === undefined || mediaType === undefined) {
    if (!blobs.has(diffId)) blobs.set(diffId, { size, offset })
    return { mediaType: OCI_LAYER, digest: diffId, size: blobs.get(diffId)!.size }
  }
  const known = hashed.get(offset) ?? {
    layer: { mediaType, digest: await file.hash({ start: offset, end: offset + size, algorithm: 'sha256' }), size },
    text: await textDigest(file, name, unpack(compression, name, file.stream(offset, offset + size))),
  }
  hashed.set(offset, known)
  if (known.text !== diffId) {
    throw invalid(file, `layer ${name} is damaged: it unpacks to ${known.text}, and its config says ${diffId}`)
  }
  blobs.set(known.layer.digest, { size, offset })
  return known.layer
}

async function textDigest(file: ByteFile, name: string, text: AsyncIterable<Uint8Array>): Promise<Digest> {
  try {
    return await hashChunks(text, 'sha256')
  } catch (cause) {
    if (cause instanceof ExpectedError) throw cause
    throw invalid(file, `layer ${name} is damaged: ${(cause as Error).message}`)
  }
}

const LAYER_TYPES: Readonly<Record<string, string>> = { gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD }
