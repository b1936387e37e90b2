import type { Interfaces } from '@oclif/core'
import { ImagesFailedError } from '../../bundle/failure.ts'
import type { Lock, LockedImage } from '../../bundle/format/lock.ts'
import { joinLocks, lockImages } from '../../bundle/lock/lock.ts'
import { type ManifestCache, withKnownDocuments } from '../../bundle/lock/manifest-cache.ts'
import { type ManifestNeeds, needsOfLock, sumOfNeeds } from '../../bundle/lock/manifest-needs.ts'
import { quotaFindings } from '../../bundle/lock/quota-findings.ts'
import type { Finding } from '../../finding.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Digest } from '../../oci/digest.ts'
import type { RegistryClient } from '../../registry/client/registry-client.ts'
import { DEFAULT_PLATFORMS, DEFAULT_PLATFORMS_NOTE, platformsFrom } from '../flags/platform-flags.ts'
import { renderFindings } from '../output/findings.ts'
import { knownQuota, learnQuotas } from '../registry/quota.ts'
import type { ImagesToLock } from './images-to-lock.ts'
import type { lockFlags } from './lock-flags.ts'

interface LockRun {
  readonly client: RegistryClient
  readonly kept: ManifestCache
  /** Where manifests may be on this machine. */
  readonly local: readonly Content[]
  /** Whether the manifests of images that are locked already will be asked for too. */
  readonly fetchesLocked: boolean
  readonly onLocked?: (image: LockedImage) => void
  /** Tells people something that is no result. */
  readonly note: (text: string) => void
}

export interface LockedInputs {
  readonly lock: Lock
  /** What is attached to images and was not to be had. */
  readonly leftOut: readonly Finding[]
  readonly documents: ReadonlyMap<Digest, Uint8Array>
}

/**
 * One lock of what inputs and flags ask for: what lock writes and bundle fills. Says at once when a registry gives fewer
 * manifests than that takes.
 *
 * @throws {ExpectedError} IMAGES_FAILED, PLATFORM_UNAVAILABLE, TIMED_OUT
 */
export async function lockInputs(
  { references, locked, edition }: ImagesToLock,
  flags: Interfaces.InferredFlags<typeof lockFlags>,
  { client, kept, local, fetchesLocked, onLocked, note }: LockRun,
): Promise<LockedInputs> {
  const platforms = await platformsFrom(flags)
  if (!platforms && references.length > 0) note(DEFAULT_PLATFORMS_NOTE)
  const known: Lock = { version: 1, ...(edition && { edition }), images: locked }
  const isKnown = (digest: Digest) => kept.documents.has(digest) || local.some(({ blobs }) => blobs.has(digest))
  const warn = async (resolved: ManifestNeeds) => {
    const ofLock = fetchesLocked ? needsOfLock(known, isKnown) : new Map()
    await learnQuotas(known, ofLock, client)
    const needs = sumOfNeeds([resolved, ofLock])
    const findings = quotaFindings(needs, (domain) => knownQuota(domain, (registry) => client.quotaOf(registry)))
    if (findings.length > 0) note(renderFindings(findings))
  }
  const source = withKnownDocuments(client, kept, local)
  const { lock, failures, leftOut, documents } = await lockImages(references, platforms ?? DEFAULT_PLATFORMS, source, {
    attachments: flags.referrers ? client : undefined,
    attestations: flags.attestations || flags.referrers,
    isKnown,
    onResolved: warn,
    ...(onLocked && { onLocked }),
  })
  if (failures.length > 0) throw new ImagesFailedError(failures, references.length)
  const { images } = joinLocks([known, lock], platforms)
  return { lock: { ...known, images }, leftOut, documents }
}
