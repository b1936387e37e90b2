import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, isDigest, splitDigest } from '../../oci/digest.ts'
import { parseDescriptor } from '../../oci/manifest.ts'
import { normalizePlatform, type Platform } from '../../oci/platform.ts'

/** What fixes every reference to a digest: written by `lock`, carried inside each bundle. */
export interface Lock {
  readonly version: 1
  readonly images: readonly LockedImage[]
}

/** One image under all the names that a runtime must find it by. */
export interface LockedImage {
  /** As it was asked for, complete: domain and path, with the tag and the digest that it had. */
  readonly reference: string
  /** CRI forms, sorted: `domain/path:tag` where there is a tag, and always `domain/path@digest`. */
  readonly names: readonly string[]
  /** What the registry serves under that reference: an index, or a single manifest. */
  readonly target: Descriptor
  /** Indexes inside the target that lead to a platform; there only when an index lists indexes. */
  readonly indexes?: readonly Descriptor[]
  /** One entry for each platform that the bundle holds. */
  readonly platforms: readonly LockedPlatform[]
  /** Signatures, SBOMs, attestations: what belongs to the image and no node needs. */
  readonly attachments?: readonly Attachment[]
}

/** A manifest (or index) that belongs to another one: its referrer, or named after it by cosign. */
export interface Attachment {
  readonly subject: Digest
  /** The tag under which cosign looks for it. */
  readonly tag?: string
  readonly target: Descriptor
  /** Everything below the target. */
  readonly blobs: readonly Descriptor[]
}

export interface LockedPlatform {
  readonly platform: Platform
  readonly manifest: Descriptor
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

/** `nodeseed/bundle.json`: what a bundle holds, and where in the file. */
export interface BundleTable {
  readonly version: 1
  readonly lock: Lock
  /** Every blob of the file, in file order. */
  readonly blobs: readonly BlobEntry[]
  /** Of a delta: the blobs that its images need and that it leaves to what the receiver already has. */
  readonly requires?: readonly RequiredBlob[]
  /** The other files under `nodeseed/`, so that a signature over index.json covers them too. */
  readonly files: readonly FileEntry[]
}

/** A blob by its content alone. */
export interface RequiredBlob {
  readonly digest: Digest
  readonly size: number
}

/** A blob in a bundle: `size` bytes at `offset` from the start of the file. */
export interface BlobEntry extends RequiredBlob {
  readonly offset: number
}

export interface FileEntry {
  readonly name: string
  readonly digest: Digest
  readonly size: number
}

/** A file of a bundle that is being made: `size` bytes at `offset`, either known content or a blob that will arrive. */
export interface PlannedFile {
  readonly name: string
  readonly size: number
  readonly offset: number
  readonly content: Uint8Array | undefined
  readonly blob?: Descriptor
}

/** Where in a bundle the table stands, and the annotation of index.json that holds the table's digest. */
export const BUNDLE_TABLE = 'nodeseed/bundle.json'
export const BUNDLE_TABLE_ANNOTATION = 'dev.nodeseed.bundle-table'

/** What `uname -m` says on the machines that there are builds of this program for, by their architecture. */
export const TOOL_MACHINES = { amd64: 'x86_64', arm64: 'aarch64' } as const
export type ToolArchitecture = keyof typeof TOOL_MACHINES

/**
 * Where in a bundle a build of this program is that needs no Node, compressed; only when it was asked for. Its name is
 * such that a shell finds its own: `tar -xOf BUNDLE nodeseed/tool-$(uname -m).gz | gzip -d > nodeseed`.
 */
export function toolFile(architecture: ToolArchitecture): string {
  return `nodeseed/tool-${TOOL_MACHINES[architecture]}.gz`
}

/** The architectures that a bundle with these files carries a build for. */
export function toolsAmong(files: readonly Pick<FileEntry, 'name'>[]): ToolArchitecture[] {
  const architectures = Object.keys(TOOL_MACHINES) as ToolArchitecture[]
  return architectures.filter((architecture) => files.some(({ name }) => name === toolFile(architecture)))
}

/** Where a blob stands in an OCI image layout. */
export function blobName(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest)
  return `blobs/${algorithm}/${hex}`
}

/** Every blob that an image needs, documents first; blobs that it needs twice are there twice. */
export function blobsOf({ target, indexes = [], platforms }: LockedImage): Descriptor[] {
  const documents = [target, ...indexes, ...platforms.flatMap(({ manifest, config }) => [manifest, config])]
  return [...documents, ...platforms.flatMap(({ layers }) => layers)]
}

/** Every blob of what is attached to an image. */
export function attachedBlobsOf({ attachments = [] }: LockedImage): Descriptor[] {
  return attachments.flatMap(({ target, blobs }) => [target, ...blobs])
}

/** @throws {ExpectedError} BUNDLE_INVALID, saying where in the table. */
export function parseBundleTable(value: unknown, where: string): BundleTable {
  const { version, lock, blobs, requires, files } = objectAt(value, where)
  if (version !== 1) throw otherVersion(version, where)
  return {
    version,
    lock: parseLock(lock, `${where}, lock`),
    blobs: arrayAt(blobs, `${where}, blobs`).map((entry, index) => parseBlobEntry(entry, `${where}, blobs[${index}]`)),
    ...(requires !== undefined && {
      requires: arrayAt(requires, `${where}, requires`).map((entry, index) =>
        parseRequired(entry, `${where}, requires[${index}]`),
      ),
    }),
    files: arrayAt(files ?? [], `${where}, files`).map((entry, index) =>
      parseFileEntry(entry, `${where}, files[${index}]`),
    ),
  }
}

/** @throws {ExpectedError} BUNDLE_INVALID, saying where in the lock. */
export function parseLock(value: unknown, where: string): Lock {
  const { version, images } = objectAt(value, where)
  if (version !== 1) throw otherVersion(version, where)
  return {
    version,
    images: arrayAt(images, `${where}, images`).map((image, index) => parseImage(image, `${where}, images[${index}]`)),
  }
}

function parseImage(value: unknown, where: string): LockedImage {
  const { reference, names, target, indexes, platforms, attachments } = objectAt(value, where)
  return {
    reference: stringAt(reference, `${where}, reference`),
    names: arrayAt(names, `${where}, names`).map((name) => stringAt(name, `${where}, names`)),
    target: parseDescriptor(target, `${where}, target`),
    ...(indexes !== undefined && { indexes: descriptorsAt(indexes, `${where}, indexes`) }),
    platforms: arrayAt(platforms, `${where}, platforms`).map((platform, index) =>
      parsePlatformEntry(platform, `${where}, platforms[${index}]`),
    ),
    ...(attachments !== undefined && {
      attachments: arrayAt(attachments, `${where}, attachments`).map((attachment, index) =>
        parseAttachment(attachment, `${where}, attachments[${index}]`),
      ),
    }),
  }
}

function parseAttachment(value: unknown, where: string): Attachment {
  const { subject, tag, target, blobs } = objectAt(value, where)
  return {
    subject: digestAt(subject, where),
    ...(tag !== undefined && { tag: stringAt(tag, `${where}, tag`) }),
    target: parseDescriptor(target, `${where}, target`),
    blobs: descriptorsAt(blobs, `${where}, blobs`),
  }
}

function parsePlatformEntry(value: unknown, where: string): LockedPlatform {
  const { platform, manifest, config, layers } = objectAt(value, where)
  const { os, architecture, variant } = objectAt(platform, `${where}, platform`)
  return {
    platform: normalizePlatform({
      os: stringAt(os, `${where}, os`),
      architecture: stringAt(architecture, `${where}, architecture`),
      ...(variant !== undefined && { variant: stringAt(variant, `${where}, variant`) }),
    }),
    manifest: parseDescriptor(manifest, `${where}, manifest`),
    config: parseDescriptor(config, `${where}, config`),
    layers: descriptorsAt(layers, `${where}, layers`),
  }
}

function parseBlobEntry(value: unknown, where: string): BlobEntry {
  return { ...parseRequired(value, where), offset: countAt(objectAt(value, where).offset, where) }
}

function parseRequired(value: unknown, where: string): RequiredBlob {
  const { digest, size } = objectAt(value, where)
  return { digest: digestAt(digest, where), size: countAt(size, where) }
}

function parseFileEntry(value: unknown, where: string): FileEntry {
  const { name, digest, size } = objectAt(value, where)
  return { name: stringAt(name, where), digest: digestAt(digest, where), size: countAt(size, where) }
}

function descriptorsAt(value: unknown, where: string): Descriptor[] {
  return arrayAt(value, where).map((entry, index) => parseDescriptor(entry, `${where}[${index}]`))
}

function objectAt(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalid(where, 'expected an object')
}

function arrayAt(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value
  throw invalid(where, 'expected a list')
}

function stringAt(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalid(where, 'expected a text')
}

function digestAt(value: unknown, where: string): Digest {
  if (isDigest(value)) return value
  throw invalid(where, 'expected a digest')
}

function countAt(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(where, 'expected a count of bytes')
}

function invalid(where: string, problem: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${where}: ${problem}`)
}

function otherVersion(version: unknown, where: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${where}: version ${String(version)} is not 1`, {
    hint: 'Read it with the nodeseed that wrote it, or with a newer one.',
  })
}
