import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'
import { claimKey, defaultClass, type StorageFacts } from './storage-facts.ts'

/** A volume that a driver attaches to nodes, which each take so many of one driver. */
export interface CsiVolume {
  readonly driver: string
  /** Equal for what is one volume on a node. */
  readonly id: string
  /** False where the driver is known as the provisioner of a class alone, and nothing says that it is a CSI driver. */
  readonly isCsi: boolean
}

/** The volumes of a live pod. */
export interface PodVolumes {
  readonly volumes: readonly CsiVolume[]
  /** What may be a volume of any driver; equal texts are one volume. */
  readonly unknown: readonly string[]
}

interface Migrated {
  /** The key of a volume's source. */
  readonly source: keyof Volume & keyof NonNullable<PersistentVolume['spec']>
  /** The key of the volume's name in its source. */
  readonly handle: string
  readonly provisioner: string
  readonly driver: string
}

/**
 * Volumes of Kubernetes' own, which a driver has taken over. Source: kubernetes 1.36, k8s.io/csi-translation-lib;
 * pkg/scheduler/framework/plugins/nodevolumelimits/utils.go.
 */
const MIGRATED: readonly Migrated[] = [
  {
    source: 'awsElasticBlockStore',
    handle: 'volumeID',
    provisioner: 'kubernetes.io/aws-ebs',
    driver: 'ebs.csi.aws.com',
  },
  {
    source: 'gcePersistentDisk',
    handle: 'pdName',
    provisioner: 'kubernetes.io/gce-pd',
    driver: 'pd.csi.storage.gke.io',
  },
  {
    source: 'azureDisk',
    handle: 'diskURI',
    provisioner: 'kubernetes.io/azure-disk',
    driver: 'disk.csi.azure.com',
  },
  {
    source: 'cinder',
    handle: 'volumeID',
    provisioner: 'kubernetes.io/cinder',
    driver: 'cinder.csi.openstack.org',
  },
  {
    source: 'portworxVolume',
    handle: 'volumeID',
    provisioner: 'kubernetes.io/portworx-volume',
    driver: 'pxd.portworx.com',
  },
]

/** The CSI volume that a PersistentVolume is; undefined where it is none. */
export function persistentCsiVolume({ spec }: PersistentVolume): CsiVolume | undefined {
  const { driver, volumeHandle } = spec?.csi ?? {}
  return driver && volumeHandle ? { driver, id: `${driver}/${volumeHandle}`, isCsi: true } : migrated(spec)
}

/** The CSI volume that a volume of a pod is without any claim; undefined where it is none. */
export function inlineCsiVolume(volume: Volume): CsiVolume | undefined {
  return migrated(volume)
}

function migrated(sources: Partial<Record<Migrated['source'], object>> | undefined): CsiVolume | undefined {
  for (const { source, handle, driver } of MIGRATED) {
    const found = sources?.[source] as Record<string, unknown> | undefined
    // `aws://zone/vol-1` is `vol-1`.
    if (found) return { driver, id: `${driver}/${String(found[handle]).replace(/^aws:\/\/.*\//, '')}`, isCsi: true }
  }
  return undefined
}

/**
 * The CSI volume behind a claim, or the one that its class will make; undefined where it is none, 'unknown' where what
 * decides is not among the inputs.
 */
export function claimCsiVolume(
  claim: string,
  { metadata, spec }: Pick<PersistentVolumeClaim, 'metadata' | 'spec'>,
  { volumes, classes, csiDrivers }: StorageFacts,
): CsiVolume | 'unknown' | undefined {
  const volume = volumes.get(spec?.volumeName ?? '')
  if (volume) return persistentCsiVolume(volume)
  const name = metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName
  if (name === '') return spec?.volumeName ? 'unknown' : undefined
  const provisioner = classes.get(name ?? defaultClass(classes) ?? '')?.provisioner
  if (provisioner === undefined) return 'unknown'
  const taken = MIGRATED.find((one) => one.provisioner === provisioner)?.driver
  return {
    driver: taken ?? provisioner,
    id: `claim ${claim}`,
    isCsi: taken !== undefined || isCsiDriver(provisioner, csiDrivers),
  }
}

/**
 * Whether a provisioner is a CSI driver: by its CSIDriver, or by its name, which is a DNS name (`driver.longhorn.io`), as
 * that of no other provisioner is (`rancher.io/local-path`).
 */
function isCsiDriver(provisioner: string, csiDrivers: StorageFacts['csiDrivers']): boolean {
  return csiDrivers.has(provisioner) || !provisioner.includes('/')
}

/** The CSI volumes of a live pod. `completeKinds` are those of which every object is known: others do not exist. */
export function podCsiVolumes(
  { metadata, spec }: Pod,
  facts: StorageFacts,
  completeKinds: ReadonlySet<string>,
): PodVolumes {
  const volumes: CsiVolume[] = []
  const unknown: string[] = []
  const isComplete = ['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass'].every((kind) =>
    completeKinds.has(kind),
  )
  for (const volume of objectsOf(spec?.volumes)) {
    const name = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${metadata?.name}-${volume.name}`)
    const inline = inlineCsiVolume(volume)
    if (inline) volumes.push(inline)
    if (!name) continue
    const claim = claimKey(metadata?.namespace, name)
    const known = facts.claims.get(claim)
    const found = known ? claimCsiVolume(claim, known, facts) : 'unknown'
    if (found === 'unknown') {
      if (!isComplete) unknown.push(known?.spec?.volumeName ? `volume ${known.spec.volumeName}` : `claim ${claim}`)
    } else if (found) volumes.push(found)
  }
  return { volumes, unknown }
}
