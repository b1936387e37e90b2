import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { normalizePlatform, type Platform } from '../../oci/platform.ts'
import {
  arrayAt,
  countAt,
  descriptorAt,
  descriptorsAt,
  digestAt,
  invalid,
  lineAt,
  objectAt,
  otherVersion,
  stringAt,
  wordAt,
} from './fields/fields.ts'
import { type ImageSignature, parseSignature, timeAt } from './fields/image-signature.ts'
import { parseWaiting, type WaitingImage } from './fields/waiting-image.ts'

/** What fixes every reference to a digest: written by `lock`, carried inside each bundle. */
export interface Lock {
  readonly version: 1
  /** Which of several that follow each other it is, so that an older one cannot pass for the latest. */
  readonly edition?: Edition
  readonly images: readonly LockedImage[]
  /** What was wanted, could not be had, and was left out all the same. */
  readonly missing?: readonly MissingImage[]
  /** What is too new to be taken, whether something older is held in its place or nothing. */
  readonly waiting?: readonly WaitingImage[]
}

/** An image that was wanted, as it was asked for, and why it could not be had. */
export interface MissingImage {
  readonly reference: string
  readonly why: string
}

/** The number of a lock among those of one set. It only grows. */
export interface Edition {
  /** Of `a-z`, `0-9` and `-`. */
  readonly set: string
  /** From 1. */
  readonly number: number
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
  /** One entry for each platform that the bundle holds; none of what no container starts from. */
  readonly platforms: readonly LockedPlatform[]
  /** What it is instead of an image for platforms: a chart, a model, a policy; of an index all that it lists. */
  readonly artifacts?: readonly LockedArtifact[]
  /** Signatures, SBOMs, attestations: what belongs to the image and no node needs. */
  readonly attachments?: readonly Attachment[]
  /** Of those, the signatures that a policy was satisfied with when the image was locked. */
  readonly signatures?: readonly ImageSignature[]
  /** When a lock first had to do with the digest of the target, by the clock of whoever made that lock; ISO 8601. */
  readonly firstSeen?: string
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
  /** Other children of the index that whoever imports this platform reads as well. */
  readonly siblings?: readonly Sibling[]
}

/** A manifest beside the one that runs: a second image of the platform, an artifact, one that says no platform. */
export interface Sibling {
  readonly manifest: Descriptor
  /** Its config and layers. */
  readonly blobs: readonly Descriptor[]
}

/** A manifest that no runtime makes a container of. */
export interface LockedArtifact extends Sibling {
  /** Its artifactType, or the media type of its config where it says none. */
  readonly artifactType: string
}

/** Whether nothing of it runs: nodes do not get it, registries do. */
export function isArtifact({ artifacts }: LockedImage): boolean {
  return artifacts !== undefined
}

/** Every blob that an image needs, documents first; blobs that it needs twice are there twice. */
export function blobsOf(image: LockedImage): Descriptor[] {
  const { target, indexes = [], platforms, artifacts = [] } = image
  const documents = [
    ...[target, ...indexes, ...platforms.flatMap(({ manifest, config }) => [manifest, config])],
    ...platforms.flatMap(({ siblings = [] }) => siblings.map(({ manifest }) => manifest)),
    ...artifacts.map(({ manifest }) => manifest),
  ]
  return [...documents, ...layersOf(image)]
}

/** What of an image is no document; of what stands beside it, and of an artifact, the config too. */
export function layersOf({ platforms, artifacts = [] }: LockedImage): Descriptor[] {
  return [
    ...platforms.flatMap(({ layers, siblings = [] }) => [...layers, ...siblings.flatMap(({ blobs }) => blobs)]),
    ...artifacts.flatMap(({ blobs }) => blobs),
  ]
}

/** Every manifest of an image: of platforms with what stands beside them, and of artifacts. */
export function manifestsOf({ platforms, artifacts = [] }: LockedImage): Descriptor[] {
  const running = platforms.flatMap(({ manifest, siblings = [] }) => [manifest, ...siblings.map((one) => one.manifest)])
  return [...running, ...artifacts.map(({ manifest }) => manifest)]
}

/** Every blob of what is attached to an image. */
export function attachedBlobsOf({ attachments = [] }: LockedImage): Descriptor[] {
  return attachments.flatMap(({ target, blobs }) => [target, ...blobs])
}

/** @throws {ExpectedError} BUNDLE_INVALID, saying where in the lock. */
export function parseLock(value: unknown, where: string): Lock {
  const { version, edition, images, missing, waiting } = objectAt(value, where)
  if (version !== 1) throw otherVersion(version, where)
  return {
    version,
    ...(edition !== undefined && { edition: parseEdition(edition, `${where}, edition`) }),
    images: arrayAt(images, `${where}, images`).map((image, index) => parseImage(image, `${where}, images[${index}]`)),
    ...(missing !== undefined && {
      missing: arrayAt(missing, `${where}, missing`).map((entry, index) =>
        parseMissing(entry, `${where}, missing[${index}]`),
      ),
    }),
    ...(waiting !== undefined && {
      waiting: arrayAt(waiting, `${where}, waiting`).map((entry, index) =>
        parseWaiting(entry, `${where}, waiting[${index}]`),
      ),
    }),
  }
}

function parseMissing(value: unknown, where: string): MissingImage {
  const { reference, why } = objectAt(value, where)
  return { reference: wordAt(reference, `${where}, reference`), why: lineAt(why, `${where}, why`) }
}

function parseEdition(value: unknown, where: string): Edition {
  const { set, number } = objectAt(value, where)
  const name = stringAt(set, `${where}, set`)
  if (!isSetName(name)) throw invalid(`${where}, set`, 'expected letters a-z, digits and -')
  const count = countAt(number, `${where}, number`)
  if (count === 0) throw invalid(`${where}, number`, 'expected a number from 1')
  return { set: name, number: count }
}

/** Whether a set may be called that: it becomes part of a label and of the name of a file on nodes. */
export function isSetName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
}

function parseImage(value: unknown, where: string): LockedImage {
  const fields = objectAt(value, where)
  const { reference, names, target, indexes, platforms, artifacts, attachments, signatures, firstSeen } = fields
  const held = arrayAt(platforms, `${where}, platforms`)
  if (artifacts !== undefined && held.length > 0) throw invalid(where, 'expected either platforms or artifacts')
  return {
    reference: wordAt(reference, `${where}, reference`),
    names: arrayAt(names, `${where}, names`).map((name) => wordAt(name, `${where}, names`)),
    target: descriptorAt(target, `${where}, target`),
    ...(indexes !== undefined && { indexes: descriptorsAt(indexes, `${where}, indexes`) }),
    platforms: held.map((platform, index) => parsePlatformEntry(platform, `${where}, platforms[${index}]`)),
    ...(artifacts !== undefined && { artifacts: parseArtifacts(artifacts, `${where}, artifacts`) }),
    ...(attachments !== undefined && {
      attachments: arrayAt(attachments, `${where}, attachments`).map((attachment, index) =>
        parseAttachment(attachment, `${where}, attachments[${index}]`),
      ),
    }),
    ...(signatures !== undefined && {
      signatures: arrayAt(signatures, `${where}, signatures`).map((signature, index) =>
        parseSignature(signature, `${where}, signatures[${index}]`),
      ),
    }),
    ...(firstSeen !== undefined && { firstSeen: timeAt(firstSeen, `${where}, firstSeen`) }),
  }
}

function parseArtifacts(value: unknown, where: string): LockedArtifact[] {
  const entries = arrayAt(value, where)
  if (entries.length === 0) throw invalid(where, 'expected at least one')
  return entries.map((entry, index) => {
    const { artifactType } = objectAt(entry, `${where}[${index}]`)
    const type = wordAt(artifactType, `${where}[${index}], artifactType`)
    return { artifactType: type, ...parseSibling(entry, `${where}[${index}]`) }
  })
}

function parseAttachment(value: unknown, where: string): Attachment {
  const { subject, tag, target, blobs } = objectAt(value, where)
  return {
    subject: digestAt(subject, where),
    ...(tag !== undefined && { tag: wordAt(tag, `${where}, tag`) }),
    target: descriptorAt(target, `${where}, target`),
    blobs: descriptorsAt(blobs, `${where}, blobs`),
  }
}

function parsePlatformEntry(value: unknown, where: string): LockedPlatform {
  const { platform, manifest, config, layers, siblings } = objectAt(value, where)
  const { os, architecture, variant } = objectAt(platform, `${where}, platform`)
  return {
    platform: normalizePlatform({
      os: wordAt(os, `${where}, os`),
      architecture: wordAt(architecture, `${where}, architecture`),
      ...(variant !== undefined && { variant: wordAt(variant, `${where}, variant`) }),
    }),
    manifest: descriptorAt(manifest, `${where}, manifest`),
    config: descriptorAt(config, `${where}, config`),
    layers: descriptorsAt(layers, `${where}, layers`),
    ...(siblings !== undefined && {
      siblings: arrayAt(siblings, `${where}, siblings`).map((one) => parseSibling(one, `${where}, siblings`)),
    }),
  }
}

function parseSibling(value: unknown, where: string): Sibling {
  const { manifest, blobs } = objectAt(value, where)
  return { manifest: descriptorAt(manifest, where), blobs: descriptorsAt(blobs, where) }
}
