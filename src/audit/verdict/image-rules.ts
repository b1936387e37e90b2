import { isArtifact, type LockedImage } from '../../bundle/format/lock.ts'
import { isIndexType } from '../../oci/media-type.ts'
import { formatPlatform, type Platform } from '../../oci/platform.ts'
import type { Conditions } from '../facts/conditions.ts'
import type { Presence } from '../facts/images/presence.ts'
import { fitsPlatform } from '../facts/platform-blobs.ts'
import { artifactOutcome, type ImageUsage } from './artifact-rules.ts'
import { mirrorHas } from './mirror.ts'
import type { Outcome } from './outcome.ts'

/** Why a container does not start once its pod is on the node. */
export type ImageReason =
  | 'SandboxImageMissing'
  | 'InvalidImageName'
  | 'AlwaysOffline'
  | 'ImageMissing'
  | 'ImageUnknown'
  | 'Platform'
  | 'Artifact'

/** An image as a node meets it. */
export interface NodeImage {
  readonly reference: string
  /** The CRI form; undefined when the reference does not parse. */
  readonly name: string | undefined
  /** Empty where an operator decides, which may then be any. */
  readonly policy: string
  /** What the bundle holds under that name. */
  readonly locked: LockedImage | undefined
  readonly presence: Presence
  readonly usage?: ImageUsage
}

/** What else decides whether an image can be used. */
export interface ImageConditions extends Pick<Conditions, 'lock' | 'hasMirror' | 'alwaysPullImages'> {
  /** The kubelet asks a registry about images that it did not pull itself. */
  readonly alwaysVerify?: boolean
  /** Whether the runtime mounts artifacts; undefined where nobody can tell. */
  readonly mountsArtifacts?: boolean | undefined
}

/**
 * Whether a container can start from an image on a disconnected node.
 * Source: kubernetes 1.36, pkg/kubelet/images/image_manager.go.
 */
export function imageOutcome(
  image: NodeImage,
  platform: Platform | undefined,
  conditions: ImageConditions,
): Outcome<ImageReason> {
  const { reference, name } = image
  if (name === undefined) return no('InvalidImageName', `not an image reference: ${JSON.stringify(reference)}`)
  const misuse = artifactOutcome({ ...image, name }, image.usage, conditions.mountsArtifacts)
  if (misuse) return misuse
  const presence = isHeldArtifact(image) ? NOT_SEEDED : image.presence
  const mirrored = mirrorHas(conditions, image.locked)
  const policy = conditions.alwaysPullImages ? 'Always' : image.policy
  if (policy === 'Always') {
    if (mirrored !== false && presence.isFailing) return unknown(name, presence)
    if (mirrored !== false) return mirrored ? platformOutcome(image, platform, true) : unknown(name, MIRROR_UNKNOWN)
    const why = conditions.alwaysPullImages ? 'the AlwaysPullImages admission makes it Always' : 'Always'
    return no('AlwaysOffline', `${name}: a registry is asked even if the image is here (${why}: ErrImagePull)`)
  }
  const pulled = policy === 'Never' ? false : mirrored
  if (presence.problem) return no('ImageMissing', `${name} is on the node, but ${presence.problem}`)
  if (presence.present === true) {
    if (!conditions.alwaysVerify || pulled) return platformOutcome(image, platform, false)
    if (pulled === undefined) return unknown(name, MIRROR_UNKNOWN)
    const error = policy === 'Never' ? 'ErrImageNeverPull' : 'ErrImagePull'
    return no('AlwaysOffline', `${name}: the kubelet asks a registry about credentials (${error})`)
  }
  if (presence.isFailing) return unknown(name, presence)
  if (pulled) return platformOutcome(image, platform, true)
  if (pulled === undefined) return unknown(name, MIRROR_UNKNOWN)
  if (presence.present === undefined && presence.isFromBundle) {
    const misfit = platformOutcome(image, platform, true)
    if (misfit.starts === false) return misfit
  }
  if (presence.present === undefined) return unknown(name, presence)
  const error = policy === 'Never' ? ' (Never: ErrImageNeverPull)' : policy && ` (${policy}: ErrImagePull)`
  return no('ImageMissing', `${name} is not on the node${error}`)
}

/**
 * An index that a runtime holds was matched to the node when it came there; a single manifest is taken whatever it was
 * built for, and fails with `exec format error`. From the bundle a node gets only what the bundle holds for its platform.
 */
function platformOutcome(
  { name, locked, presence }: NodeImage,
  platform: Platform | undefined,
  pulled: boolean,
): Outcome<ImageReason> {
  if (locked && isArtifact(locked)) return { starts: true }
  const misfit = pulled ? undefined : builtForOthers(presence, platform)
  if (misfit) return { ...misfit, message: `${name} ${misfit.message}` }
  if (!locked || !platform) return { starts: true }
  if (isIndexType(locked.target.mediaType) && !presence.isFromBundle && !pulled) return { starts: true }
  if (locked.platforms.some((held) => fitsPlatform(held.platform, platform))) return { starts: true }
  const held = locked.platforms.map((entry) => formatPlatform(entry.platform)).join(', ') || 'no platform'
  return no('Platform', `${name} is bundled for ${held}, the node is ${formatPlatform(platform)}`)
}

const MIRROR_UNKNOWN: Presence = {
  present: undefined,
  why: 'whether the mirror has it is not known: nobody told what it serves',
}

/** Seeding brings no artifacts, whatever a label says of the set. */
const NOT_SEEDED: Presence = { present: undefined, why: 'it is an artifact, which seeding leaves to registries' }

function isHeldArtifact({ locked, presence }: NodeImage): boolean {
  return locked !== undefined && isArtifact(locked) && presence.isFromBundle === true
}

/** What a 64-bit processor may run besides its own; a kernel and a runtime may be told not to. */
const MAY_RUN: Readonly<Record<string, string>> = { amd64: '386', arm64: 'arm' }

/** Why what a node's runtime lists cannot start there, or may not, where the list tells what it is built for. */
export function builtForOthers(
  { platforms }: Presence,
  node: Platform | undefined,
): { starts: false | null; reason: ImageReason; message: string } | undefined {
  if (!platforms || !node || platforms.some((one) => fitsPlatform(one, node))) return undefined
  if (platforms.length === 0)
    return {
      starts: null,
      reason: 'ImageUnknown',
      message: 'is on the node, but the runtime cannot tell for which platform',
    }
  const message = `on the node is built for ${platforms.map(formatPlatform).join(', ')}, the node is ${formatPlatform(node)}`
  const mayRun = platforms.some(({ os, architecture }) => os === node.os && architecture === MAY_RUN[node.architecture])
  return mayRun ? { starts: null, reason: 'ImageUnknown', message } : { starts: false, reason: 'Platform', message }
}

function unknown(name: string, presence: Presence): Outcome<ImageReason> {
  return { starts: null, reason: 'ImageUnknown', message: `${name}: ${presence.why}` }
}

function no(reason: ImageReason, message: string): Outcome<ImageReason> {
  return { starts: false, reason, message }
}
