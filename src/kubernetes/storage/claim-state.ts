import type {
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from 'kubernetes-types/core/v1.js'
import type { StorageClass } from 'kubernetes-types/storage/v1.js'
import { parseMilli } from '../objects/quantity.ts'
import { objectsOf, textsOf } from '../objects/resource.ts'
import { attachesOnce } from './attaching.ts'
import { type CsiVolume, claimCsiVolume } from './csi-volume.ts'
import { claimKey, defaultClass, type StorageFacts } from './storage-facts.ts'

/** What becomes of a pod that uses a claim. */
export type ClaimState = {
  readonly claim: string
  /** What a driver attaches for it. */
  readonly volume?: CsiVolume | undefined
  /** Each pod of a workload has one of its own. */
  readonly isOwn?: boolean
  /** Its volume is attached to one node at a time. */
  readonly attachesOnce?: boolean
} & (
  | { readonly is: 'refused'; readonly filter: 'VolumeRestrictions' | 'VolumeBinding'; readonly why: string }
  | { readonly is: 'unknown'; readonly why: string }
  /** It goes where its volume is, or can be made. */
  | { readonly is: 'placed'; readonly allows: NodeRule }
)

/** Which nodes a volume is for. */
export interface NodeRule {
  /** Terms of required node affinity, of which one must match; undefined where it asks for none. */
  readonly terms: readonly NodeSelectorTerm[] | undefined
  /** Of each label that a node has: the values that are allowed. */
  readonly zones: ReadonlyMap<string, ReadonlySet<string>>
}

export const ANY_NODE: NodeRule = { terms: undefined, zones: new Map() }

/** Labels of volumes that bind them to the zone of a node. Source: kubernetes 1.37, plugins/volumezone. */
const ZONE_LABELS = [
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
]

/** Source: kubernetes, CHANGELOG of 1.22 to 1.31: removed in-tree volume plugins. */
const NO_LONGER_MOUNTED = new Set('scaleIO flocker quobyte storageos glusterfs cephfs rbd'.split(' '))
const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

/** What is known of a claim by its name. `completeKinds` are those of which every object is known. */
export function claimState(
  namespace: string,
  name: string,
  facts: StorageFacts,
  completeKinds: ReadonlySet<string>,
): ClaimState {
  const claim = claimKey(namespace, name)
  const found = facts.claims.get(claim)
  if (found) {
    const volume = volumeOf(claim, found, facts)
    const once = attachesOnce(found.spec ?? {}, volume, facts)
    return { ...knownClaim(claim, found, facts, completeKinds), volume, attachesOnce: once }
  }
  const filter = 'VolumeRestrictions'
  return completeKinds.has('PersistentVolumeClaim')
    ? { claim, is: 'refused', filter, why: `there is no PersistentVolumeClaim ${claim}` }
    : { claim, is: 'unknown', why: `PersistentVolumeClaim ${claim} is not among the inputs` }
}

function knownClaim(
  claim: string,
  { metadata, spec, status }: PersistentVolumeClaim,
  facts: StorageFacts,
  completeKinds: ReadonlySet<string>,
): ClaimState {
  const refused = (why: string): ClaimState => ({ claim, is: 'refused', filter: 'VolumeBinding', why })
  if (metadata?.deletionTimestamp) return refused(`PersistentVolumeClaim ${claim} is being deleted`)
  if (status?.phase === 'Lost') return refused(`PersistentVolumeClaim ${claim} has lost its volume`)
  if (textsOf(spec?.accessModes).includes('ReadWriteOncePod')) {
    return { claim, is: 'unknown', why: `PersistentVolumeClaim ${claim} is for one pod at a time` }
  }
  if (!spec?.volumeName) return unboundClaim(claim, spec ?? {}, facts)
  const volume = facts.volumes.get(spec.volumeName)
  if (!volume) {
    return completeKinds.has('PersistentVolume')
      ? refused(`there is no PersistentVolume ${spec.volumeName}`)
      : { claim, is: 'unknown', why: `PersistentVolume ${spec.volumeName} is not among the inputs` }
  }
  const owner = volume.spec?.claimRef
  if (owner?.name && claimKey(owner.namespace, owner.name) !== claim) {
    return refused(`PersistentVolume ${spec.volumeName} is that of ${claimKey(owner.namespace, owner.name)}`)
  }
  const gone = Object.keys(volume.spec ?? {}).find((key) => NO_LONGER_MOUNTED.has(key))
  if (gone)
    return {
      claim,
      is: 'unknown',
      why: `PersistentVolume ${spec.volumeName} is of ${gone}, which newer kubelets mount no more`,
    }
  const misfit = status?.phase === 'Bound' ? undefined : misfitOf(spec, volume)
  if (misfit !== undefined) return { claim, is: 'unknown', why: `PersistentVolume ${spec.volumeName} ${misfit}` }
  const labels = Object.entries(volume.metadata?.labels ?? {}).filter(([key]) => ZONE_LABELS.includes(key))
  const zones = new Map(labels.map(([key, value]) => [key, new Set(String(value).split('__'))]))
  const required = volume.spec?.nodeAffinity?.required
  return { claim, is: 'placed', allows: { terms: required && objectsOf(required.nodeSelectorTerms), zones } }
}

function volumeOf(
  claim: string,
  spoken: Pick<PersistentVolumeClaim, 'metadata' | 'spec'>,
  facts: StorageFacts,
): CsiVolume | undefined {
  const volume = claimCsiVolume(claim, spoken, facts)
  return volume === 'unknown' ? undefined : volume
}

/** Why a volume that a claim names may not become its own. Source: kubernetes 1.37, pkg/controller/volume/persistentvolume. */
function misfitOf(spec: PersistentVolumeClaimSpec, { spec: volume, status }: PersistentVolume): string | undefined {
  if (status?.phase === 'Released' || status?.phase === 'Failed') return `is ${status.phase}`
  // A claim that names no class may get the default one, as the volume may have none.
  const isOther = spec.storageClassName !== undefined && spec.storageClassName !== (volume?.storageClassName ?? '')
  if (isOther) return 'is of another StorageClass than the claim'
  const lacking = textsOf(spec.accessModes).find((mode) => !textsOf(volume?.accessModes).includes(mode))
  if (lacking !== undefined) return `is not ${lacking}, as the claim wants`
  const [wanted, has] = [spec.resources?.requests?.storage, volume?.capacity?.storage].map((size) => parseMilli(size))
  return wanted !== undefined && has !== undefined && has < wanted ? 'is smaller than the claim' : undefined
}

/** What becomes of a claim that a controller is to make. */
export function claimToCome(claim: string, spec: PersistentVolumeClaimSpec, facts: StorageFacts): ClaimState {
  return { ...unboundClaim(claim, spec, facts), volume: volumeOf(claim, { spec }, facts) }
}

/**
 * A claim that has no volume yet: with a class that provisions once a pod is placed it goes wherever the class can make
 * one. Source: kubernetes 1.37, pkg/scheduler/framework/plugins/volumebinding.
 */
function unboundClaim(claim: string, spec: PersistentVolumeClaimSpec, { classes }: StorageFacts): ClaimState {
  const name = spec.storageClassName ?? defaultClass(classes)
  const unknown = (why: string): ClaimState => ({ claim, is: 'unknown', why: `${claim}: ${why}` })
  if (!name) return unknown('which volume it gets is not known')
  const storageClass = classes.get(name)
  if (!storageClass) return unknown(`StorageClass ${name} is not among the inputs`)
  if (storageClass.provisioner === NO_PROVISIONER) return unknown(`StorageClass ${name} makes no volumes`)
  if (storageClass.volumeBindingMode !== 'WaitForFirstConsumer') {
    return unknown(`StorageClass ${name} makes its volume before a node is chosen`)
  }
  const terms = objectsOf(storageClass.allowedTopologies).map(asSelectorTerm)
  return { claim, is: 'placed', allows: terms.length > 0 ? { ...ANY_NODE, terms } : ANY_NODE }
}

type AllowedTopology = NonNullable<StorageClass['allowedTopologies']>[number]

function asSelectorTerm({ matchLabelExpressions }: AllowedTopology): NodeSelectorTerm {
  return {
    matchExpressions: objectsOf(matchLabelExpressions).map(({ key, values }) => ({ key, operator: 'In', values })),
  }
}
