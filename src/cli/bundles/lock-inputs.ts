import type { Interfaces } from '@oclif/core'
import { ImagesFailedError } from '../../bundle/failure.ts'
import { missingImage } from '../../bundle/fill/lost.ts'
import type { Lock, LockedImage } from '../../bundle/format/lock.ts'
import { type AgeOptions, withFirstSeen } from '../../bundle/lock/ages/first-seen.ts'
import { lackingPlatforms } from '../../bundle/lock/lacking-platforms.ts'
import { joinLocks, lockImages } from '../../bundle/lock/lock.ts'
import { type ManifestCache, withKnownDocuments } from '../../bundle/lock/manifest-cache.ts'
import { type ManifestNeeds, needsOfLock, sumOfNeeds } from '../../bundle/lock/manifest-needs.ts'
import { quotaFindings } from '../../bundle/lock/quota-findings.ts'
import { withPlaces, withResolved } from '../../bundle/lock/source-images.ts'
import { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Digest } from '../../oci/digest.ts'
import { formatReference, parseReference } from '../../oci/reference.ts'
import { listNames } from '../../plural.ts'
import type { RegistryClient } from '../../registry/client/registry-client.ts'
import { workloadsWithoutNode } from '../../seed/placement/without-node.ts'
import { HELM_CONFIG } from '../charts/fetch-artifact.ts'
import { readNodesFile } from '../files/nodes-file.ts'
import { DEFAULT_PLATFORMS, DEFAULT_PLATFORMS_NOTE, platformsFrom } from '../flags/platform-flags.ts'
import { knownQuota, learnQuotas } from '../registry/quota.ts'
import { type SignatureSources, type VerifiedImages, verifyImages } from '../signatures/verify-images.ts'
import type { ImagesToLock } from './images-to-lock.ts'
import type { lockFlags } from './lock-flags.ts'

interface LockRun {
  readonly client: RegistryClient
  readonly kept: ManifestCache
  /** Where images are looked for before any registry. */
  readonly places: readonly Content[]
  /** Where manifests may be on this machine. */
  readonly local: readonly Content[]
  /** Whether the manifests of images that are locked already will be asked for too. */
  readonly fetchesLocked: boolean
  /** When digests were first seen, and whether they are old enough; without it nobody asks. */
  readonly seenFirst?: AgeOptions
  readonly onLocked?: (image: LockedImage) => void
  /** Tells people something that is no result. */
  readonly note: (text: string) => void
  readonly sayFindings: (findings: readonly Finding[]) => void
}

export interface LockedInputs {
  readonly lock: Lock
  /** What is attached to images and was not to be had; platforms that images lack. */
  readonly leftOut: readonly Finding[]
  readonly documents: ReadonlyMap<Digest, Uint8Array>
}

/**
 * One lock of what inputs and flags ask for: what lock writes and bundle fills. Says at once when a registry gives fewer
 * manifests than that takes.
 *
 * @throws {ExpectedError} IMAGES_FAILED, TIMED_OUT; PLATFORM_UNAVAILABLE where a workload would have no node
 */
export async function lockInputs(
  {
    references,
    locked,
    edition,
    workloads,
    artifacts = new Map(),
    failures: unread = [],
    missing: earlier = [],
    waiting: early = [],
  }: ImagesToLock,
  flags: Interfaces.InferredFlags<typeof lockFlags>,
  { client, kept, places, local, fetchesLocked, onLocked, note, sayFindings, seenFirst }: LockRun,
): Promise<LockedInputs> {
  const platforms = await platformsFrom(flags)
  if (!platforms && references.length > 0) note(DEFAULT_PLATFORMS_NOTE)
  const known: Lock = { version: 1, ...(edition && { edition }), images: locked }
  const isKnown = (digest: Digest) => kept.documents.has(digest) || local.some(({ blobs }) => blobs.has(digest))
  const warn = async (resolved: ManifestNeeds) => {
    const ofLock = fetchesLocked ? needsOfLock(known, isKnown) : new Map()
    if (!flags.offline) await learnQuotas(known, ofLock, client)
    const needs = sumOfNeeds([resolved, ofLock])
    sayFindings(quotaFindings(needs, (domain) => knownQuota(domain, (registry) => client.quotaOf(registry))))
  }
  const taken = new Map<string, string[]>()
  const found = withPlaces(client, places, {
    isOffline: flags.offline,
    onFound: (reference, { path }) => taken.set(path, [...(taken.get(path) ?? []), formatReference(reference)]),
  })
  const source = withKnownDocuments(withResolved(found, artifacts), kept, local)
  const {
    lock,
    failures: notLocked,
    leftOut,
    documents,
  } = await lockImages(references, platforms ?? DEFAULT_PLATFORMS, source, {
    attachments: flags.referrers ? client : undefined,
    attestations: flags.attestations || flags.referrers,
    isKnown,
    onResolved: warn,
    ...(onLocked && { onLocked }),
  })
  const failures = [...unread, ...notLocked]
  for (const [path, images] of taken) note(`taken from ${path}: ${listNames(images.sort())}`)
  const held = lock.images.length + locked.length
  if (failures.length > 0 && !(flags['allow-missing'] && held > 0)) {
    throw new ImagesFailedError(failures, references.length + unread.length)
  }
  const joined = joinLocks([known, lock], platforms)
  const { images, waiting } = seenFirst ? withFirstSeen(joined.images, seenFirst) : { ...joined, waiting: early }
  const missing = failures.map(missingImage)
  const lacking = lackingPlatforms(images, platforms ?? [])
  if (lacking.length > 0 && flags.nodes) await checkNodes(images, workloads, flags.nodes)
  const verified = await verifiedImages(images, flags, { client, source, places, note, known: documents })
  const whole = {
    ...{ ...known, images: verified.images },
    ...(missing.length > 0 && { missing }),
    ...(waiting.length > 0 && { waiting }),
  }
  const left = [...leftOut, ...lacking, ...verified.leftOut, ...notLookedInto(lock, earlier)]
  return { lock: whole, leftOut: left, documents: new Map([...documents, ...verified.documents]) }
}

/** With --verify what policies take of the images; all of them without it. @throws {ExpectedError} SIGNATURES_REFUSED */
async function verifiedImages(
  images: readonly LockedImage[],
  flags: Interfaces.InferredFlags<typeof lockFlags>,
  { client, places, ...rest }: Pick<LockRun, 'client' | 'places' | 'note'> & Pick<SignatureSources, 'source' | 'known'>,
): Promise<VerifiedImages> {
  if (flags.verify.length === 0) return { images, leftOut: [], documents: new Map() }
  const held = places.flatMap((place) => (place instanceof BundleFile ? place.lock.images : []))
  return verifyImages(images, flags, {
    ...rest,
    lookUp: flags.offline ? undefined : client,
    held: held.flatMap(({ attachments = [] }) => attachments),
  })
}

/** @throws {ExpectedError} PLATFORM_UNAVAILABLE naming the workloads that no node could run */
async function checkNodes(images: readonly LockedImage[], workloads: readonly Workload[], file: string): Promise<void> {
  const without = workloadsWithoutNode(images, workloads, await readNodesFile(file))
  if (without.length === 0) return
  throw new ExpectedError('PLATFORM_UNAVAILABLE', without.join('\n'), {
    hint: 'Have these images built for a platform of the nodes, or leave the workloads out.',
  })
}

/** Charts that a lock had to leave out: how they are installed is not known any more. */
function notLookedInto({ images }: Lock, missing: readonly string[]): Finding[] {
  const charts = images.filter(
    ({ reference, artifacts = [] }) =>
      missing.some((name) => formatReference(parseReference(name)) === reference) &&
      artifacts.some(({ artifactType }) => artifactType === HELM_CONFIG),
  )
  return charts.map(({ reference }) =>
    finding(
      'CHART_ELSEWHERE',
      `${reference}: was missing when it was to be looked into, so its images are not known here`,
      {
        hint: 'Lock the manifests that install it again.',
        subject: reference,
      },
    ),
  )
}
