import { ExpectedError } from '../errors.ts'
import { refuseAmbiguous } from './ambiguous.ts'
import type { Descriptor } from './descriptor.ts'
import { isDigest } from './digest.ts'
import { parseJson } from './json.ts'
import {
  isImageConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-type.ts'
import { normalizePlatform, type Platform } from './platform.ts'

/** An image manifest: one config and the layers in order. */
export interface Manifest {
  readonly kind: 'manifest'
  readonly mediaType: string
  readonly artifactType?: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/** An index: manifests (or further indexes), usually one a platform. */
export interface Index {
  readonly kind: 'index'
  readonly mediaType: string
  readonly artifactType?: string
  readonly manifests: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/** A registry must take 4 MiB; containerd refuses more on import. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024

/**
 * Reads an image manifest or an index, OCI or docker. Where the body names no media type, `contentType` decides, then
 * the shape. `where` names the document in errors.
 *
 * @throws {ExpectedError} UNSUPPORTED for schema 1 and unknown types; CONTENT_MISMATCH for JSON that is neither, or that
 * could be read both ways (CVE-2021-41190, {@link refuseAmbiguous}).
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined, where: string): Manifest | Index {
  const body = parseJsonObject(bytes, where)
  refuseAmbiguous(body, where)
  if (Array.isArray(body.manifests) && (body.layers || body.config || body.fsLayers)) {
    throw new ExpectedError('CONTENT_MISMATCH', `${where}: both an index and a manifest`)
  }
  const mediaType = mediaTypeOf(body, contentType)
  if (isSchema1Type(mediaType) || body.schemaVersion === 1) {
    throw new ExpectedError('UNSUPPORTED', `${where}: docker image manifest schema 1, which current runtimes refuse`, {
      hint: 'Push the image again with a current docker, podman or skopeo, which writes schema 2 or OCI.',
    })
  }
  const common = {
    mediaType,
    ...(typeof body.artifactType === 'string' && { artifactType: body.artifactType }),
    ...(isObject(body.annotations) && { annotations: stringMap(body.annotations) }),
    ...(body.subject !== undefined && { subject: parseDescriptor(body.subject, `${where}, subject`) }),
  }
  if (isIndexType(mediaType) && Array.isArray(body.manifests)) {
    return { kind: 'index', ...common, manifests: parseDescriptors(body.manifests, `${where}, manifests`) }
  }
  if (isManifestType(mediaType) && body.config && Array.isArray(body.layers)) {
    return {
      kind: 'manifest',
      ...common,
      config: typed(parseDescriptor(body.config, `${where}, config`), `${where}, config`),
      layers: parseDescriptors(body.layers, `${where}, layers`).map((layer, at) =>
        typed(layer, `${where}, layers[${at}]`),
      ),
    }
  }
  throw new ExpectedError('UNSUPPORTED', `${where}: neither an image manifest nor an index: ${mediaType || 'no type'}`)
}

/** The descriptors that a document refers to, in the order in which a registry must have them. */
export function childrenOf(document: Manifest | Index): readonly Descriptor[] {
  return document.kind === 'index' ? document.manifests : [document.config, ...document.layers]
}

/**
 * What a manifest says to be where it is no image: its artifactType, or the media type of its config. Of what has the
 * config of an image and layers that no runtime unpacks, as a signature of cosign, the type of the first. Undefined for
 * an image. Source: image-spec 1.1, manifest.md, "Guidelines for Artifact Usage".
 */
export function artifactTypeOf({ artifactType, config, layers }: Manifest): string | undefined {
  if (!isImageConfigType(config.mediaType)) return artifactType || config.mediaType || 'unknown'
  const [first] = layers
  if (!first || layers.some(({ mediaType }) => isLayerType(mediaType))) return undefined
  return artifactType || first.mediaType || 'unknown'
}

/** BuildKit's attestation manifests: index entries that no node runs. */
export function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest'
}

/** @throws {ExpectedError} CONTENT_MISMATCH naming `where`. */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value) || typeof value.mediaType !== 'string' || !isDigest(value.digest)) {
    throw new ExpectedError('CONTENT_MISMATCH', `${where}: not a descriptor: ${JSON.stringify(value)?.slice(0, 200)}`)
  }
  const { mediaType, digest, size, platform, annotations, urls, artifactType } = value
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new ExpectedError('CONTENT_MISMATCH', `${where}: ${digest} has no valid size: ${JSON.stringify(size)}`)
  }
  return {
    mediaType,
    digest,
    size,
    ...(isObject(platform) && { platform: platformOf(platform) }),
    ...(isObject(annotations) && { annotations: stringMap(annotations) }),
    ...(Array.isArray(urls) && { urls: urls.filter((url) => typeof url === 'string') }),
    ...(typeof artifactType === 'string' && { artifactType }),
  }
}

/** @throws {ExpectedError} CONTENT_MISMATCH: what has no type no runtime unpacks, nor can anything be said of it */
function typed(descriptor: Descriptor, where: string): Descriptor {
  if (descriptor.mediaType) return descriptor
  throw new ExpectedError('CONTENT_MISMATCH', `${where}: ${descriptor.digest} has no media type`)
}

function parseDescriptors(values: unknown[], where: string): Descriptor[] {
  return values.map((value, index) => parseDescriptor(value, `${where}[${index}]`))
}

function mediaTypeOf(body: Record<string, unknown>, contentType: string | undefined): string {
  if (typeof body.mediaType === 'string' && body.mediaType) return body.mediaType
  const fromHeader = contentType?.split(';')[0]?.trim() ?? ''
  if (isIndexType(fromHeader) || isManifestType(fromHeader) || isSchema1Type(fromHeader)) return fromHeader
  if (Array.isArray(body.manifests)) return OCI_INDEX
  return body.config && Array.isArray(body.layers) ? OCI_MANIFEST : fromHeader
}

/** @throws {ExpectedError} CONTENT_MISMATCH naming `where`. */
export function parseJsonObject(bytes: Uint8Array, where: string): Record<string, unknown> {
  try {
    const value = parseJson(bytes)
    if (isObject(value)) return value
  } catch (cause) {
    throw new ExpectedError('CONTENT_MISMATCH', `${where}: not JSON`, { cause })
  }
  throw new ExpectedError('CONTENT_MISMATCH', `${where}: not a JSON object`)
}

/**
 * A platform that is said in part: without a system it is that of whoever reads it, which runs linux; without an
 * architecture it fits nobody. Source: containerd/platforms, Normalize.
 */
function platformOf({ os, architecture, variant }: Record<string, unknown>): Platform {
  return normalizePlatform({
    os: typeof os === 'string' && os ? os : 'linux',
    architecture: typeof architecture === 'string' && architecture ? architecture : 'unknown',
    ...(typeof variant === 'string' && { variant }),
  })
}

function stringMap(value: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
