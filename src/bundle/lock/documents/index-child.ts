import { artifactTypeOf } from '../../../oci/manifest.ts'
import { isImageConfigType } from '../../../oci/media-type.ts'
import type { Platform } from '../../../oci/platform.ts'
import type { Reference } from '../../../oci/reference.ts'
import type { LockedArtifact, LockedPlatform } from '../../format/lock.ts'
import { configPlatform } from './config-platform.ts'
import type { Documents } from './documents.ts'
import type { IndexedManifest } from './open-index.ts'

/** A manifest by itself or of an index, read as far as needed to tell what it is. */
export interface IndexChild extends Pick<LockedPlatform, 'manifest' | 'config' | 'layers'> {
  /** What it runs on; undefined for what is no image, or does not say. */
  readonly platform: Platform | undefined
  /** Whether the index itself says a platform: an importer reads every child of which it does not. */
  readonly isListed: boolean
  /** What it is where no container starts from it. */
  readonly artifact: LockedArtifact | undefined
}

/**
 * The type of the config decides whether a manifest can run. Layers that no runtime unpacks make an artifact of it only
 * where nothing says a platform: programs for WebAssembly have such layers, and say one.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH, UNSUPPORTED
 */
export async function readChild(
  reference: Reference,
  { descriptor, platform }: IndexedManifest,
  documents: Documents,
): Promise<IndexChild> {
  const document = await documents.parseImage(reference, descriptor)
  const { config, layers } = document
  const manifest = await documents.describe(reference, descriptor)
  const isImage = isImageConfigType(config.mediaType)
  const own = platform ?? (isImage ? await configPlatform(reference, config, documents) : undefined)
  const type = artifactTypeOf(document)
  const isArtifact = type !== undefined && (!isImage || own === undefined)
  const artifact = isArtifact ? { artifactType: type, manifest, blobs: [config, ...layers] } : undefined
  return { manifest, config, layers, platform: own, isListed: platform !== undefined, artifact }
}
