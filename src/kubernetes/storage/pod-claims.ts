import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, PodSpec } from 'kubernetes-types/core/v1.js'
import { type LimitRange, rangesIn, refusedClaim } from '../admission/limit-range.ts'
import { valueAt } from '../documents/path.ts'
import { objectsOf, type Resource } from '../objects/resource.ts'
import type { Workload } from '../objects/workload.ts'
import type { Doubt } from '../pods/refusal.ts'
import { ANY_NODE, type ClaimState, claimState, claimToCome } from './claim-state.ts'
import { inlineCsiVolume } from './csi-volume.ts'
import { claimKey, type StorageFacts } from './storage-facts.ts'

/** The claims of one pod. A StatefulSet's pods have one set each, all others have one and the same. */
export type ClaimSet = readonly ClaimState[]

/** Pods of a StatefulSet beyond are taken to have claims as the others have. */
const MAX_ORDINALS = 100

/** The mode of a volume that says none. */
const FILES = 'Filesystem'

/** The claims that the pods of a workload use, as far as they are known. */
export function podClaims(
  { resource, podSpec, replicas = 1 }: Pick<Workload, 'resource' | 'podSpec' | 'replicas'>,
  facts: StorageFacts,
  completeKinds: ReadonlySet<string>,
  limitRanges: readonly LimitRange[] = [],
): ClaimSet[] {
  const namespace = resource.namespace || 'default'
  const ranges = rangesIn(namespace, limitRanges)
  const templates = claimTemplates(resource)
  const own = claimsOf(podSpec, templates)
  const givenClaim = (name: string): ClaimState => {
    const found = facts.claims.get(claimKey(namespace, name))
    const isStored = typeof found?.metadata?.uid === 'string' || found?.status?.phase !== undefined
    const why = found && !isStored ? refusedClaim(found.spec?.resources?.requests, ranges) : undefined
    return why === undefined
      ? claimState(namespace, name, facts, completeKinds)
      : refusedAs(claimKey(namespace, name), why)
  }
  const misused = misusedVolumes(podSpec)
  const claimed = own.map(({ name, volume, template }): ClaimState => {
    const claim = claimKey(namespace, name)
    const mode = (template ?? facts.claims.get(claim)?.spec)?.volumeMode
    if (misused(volume, mode)) return misusedAs(claim, mode)
    return template ? { ...claimToMake(claim, template, facts, ranges), isOwn: true } : givenClaim(name)
  })
  const shared = [...claimed, ...inlineVolumes(podSpec)]
  if (templates.size === 0) return shared.length > 0 ? [shared] : []
  const start = Number(valueAt(resource.value, ['spec', 'ordinals', 'start']) ?? 0)
  const ordinals = Array.from({ length: Math.min(Math.max(replicas, 1), MAX_ORDINALS) }, (_, index) => start + index)
  return ordinals.map((ordinal) => [
    ...shared,
    ...Array.from(templates, ([template, spec]): ClaimState => {
      const name = `${template}-${resource.name}-${ordinal}`
      const isThere = facts.claims.has(claimKey(namespace, name))
      // The controller makes what is not there.
      const state = isThere ? givenClaim(name) : claimToMake(claimKey(namespace, name), spec, facts, ranges)
      if (!misused(template, spec.volumeMode)) return { ...state, isOwn: true }
      return misusedAs(state.claim, spec.volumeMode)
    }),
  ])
}

/** A claim that a controller makes, which the LimitRanges of its namespace may refuse. */
function claimToMake(
  claim: string,
  spec: PersistentVolumeClaimSpec,
  facts: StorageFacts,
  ranges: readonly LimitRange[],
): ClaimState {
  const why = refusedClaim(spec.resources?.requests, ranges)
  return why === undefined ? claimToCome(claim, spec, facts) : refusedAs(claim, why)
}

function refusedAs(claim: string, why: string): ClaimState {
  return { claim, is: 'refused', filter: 'VolumeBinding', why: `PersistentVolumeClaim ${claim} is refused: ${why}` }
}

function misusedAs(claim: string, mode = FILES): ClaimState {
  const why = `PersistentVolumeClaim ${claim} has volumeMode ${mode}, and a container uses it otherwise`
  return { claim, is: 'refused', filter: 'VolumeBinding', why }
}

/** A doubt for each claim that nobody here can tell about, once. */
export function claimDoubts(sets: readonly ClaimSet[]): Doubt[] {
  const reasons = new Set(sets.flat().flatMap((state) => (state.is === 'unknown' ? [state.why] : [])))
  return Array.from(reasons, (message) => ({ reason: 'VolumeBinding', message, code: 'CLAIM_UNKNOWN' }))
}

/** A pod with resource claims goes where devices are free, which nobody here knows. */
export function resourceClaimDoubts(spec: PodSpec): Doubt[] {
  const claims = objectsOf(valueAt(spec, ['resourceClaims']) as Record<string, unknown>[] | undefined)
  return claims.map(({ name, resourceClaimName, resourceClaimTemplateName }) => {
    const wanted = resourceClaimName ?? resourceClaimTemplateName ?? ''
    const message = `resource claim ${String(name)} (${String(wanted)}): which node has the devices is not known`
    return { reason: 'DynamicResources', message, code: 'RESOURCE_CLAIM_UNKNOWN' }
  })
}

function claimsOf(
  { volumes }: PodSpec,
  templates: ReadonlyMap<string, unknown>,
): { name: string; volume: string; template?: PersistentVolumeClaimSpec }[] {
  return objectsOf(volumes).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    // A claim template takes the place of a volume of its name.
    if (templates.has(name)) return []
    if (persistentVolumeClaim?.claimName) return [{ name: persistentVolumeClaim.claimName, volume: name }]
    if (!ephemeral) return []
    return [{ name: `POD-${name}`, volume: name, template: ephemeral.volumeClaimTemplate?.spec ?? {} }]
  })
}

/**
 * Whether a container mounts the files of a volume of blocks, or takes one of files for a device.
 * Source: kubernetes 1.36, pkg/kubelet/volumemanager/populator.
 */
function misusedVolumes(spec: PodSpec): (volume: string, mode: string | undefined) => boolean {
  const containers = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]
  const devices = new Set(containers.flatMap((one) => objectsOf(one.volumeDevices).map(({ name }) => name)))
  const files = new Set(containers.flatMap((one) => objectsOf(one.volumeMounts).map(({ name }) => name)))
  return (volume, mode = FILES) => (mode === 'Block' ? files : devices).has(volume)
}

/** Volumes that a driver attaches without any claim. */
function inlineVolumes({ volumes }: PodSpec): ClaimState[] {
  return objectsOf(volumes).flatMap((one): ClaimState[] => {
    const volume = inlineCsiVolume(one)
    return volume ? [{ claim: volume.id, is: 'placed', allows: ANY_NODE, volume }] : []
  })
}

function claimTemplates({ kind, value }: Resource): ReadonlyMap<string, PersistentVolumeClaimSpec> {
  if (kind !== 'StatefulSet') return new Map()
  const templates = objectsOf(valueAt(value, ['spec', 'volumeClaimTemplates']) as PersistentVolumeClaim[] | undefined)
  return new Map(templates.map(({ metadata, spec }) => [metadata?.name ?? '', spec ?? {}]))
}
