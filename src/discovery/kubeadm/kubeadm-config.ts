import { type Path, valueAt } from '../../kubernetes/documents/path.ts'
import { rowOf } from '../../kubernetes/documents/row-of.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import { fillPlaceholders, hasPlaceholder } from '../classify/placeholders.ts'
import type { MadeElsewhere } from '../operators/made-elsewhere.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'
import { type KubeadmImageOptions, kubeadmImages } from './kubeadm-images.ts'
import { kubernetesVersion } from './kubeadm-versions.ts'

/** What kubeadm makes of a resource: images, the paths that it has read, and what it completes later. */
export interface KubeadmFound {
  readonly candidates: readonly ImageCandidate[]
  readonly claimed: readonly Path[]
  readonly elsewhere: MadeElsewhere | undefined
}

const NO_VARS: ReadonlyMap<string, string> = new Map()
const GROUPS = /^(?:kubeadm\.k8s\.io|(?:bootstrap|controlplane)\.cluster\.x-k8s\.io)$/

/** Where the cluster configuration of a kind is, and where else its version stands. */
const PLACES: Readonly<Record<string, { readonly at: Path; readonly version?: Path }>> = {
  ClusterConfiguration: { at: [] },
  KubeadmControlPlane: { at: ['spec', 'kubeadmConfigSpec', 'clusterConfiguration'], version: ['spec', 'version'] },
  KubeadmControlPlaneTemplate: { at: ['spec', 'template', 'spec', 'kubeadmConfigSpec', 'clusterConfiguration'] },
  KubeadmConfig: { at: ['spec', 'clusterConfiguration'] },
  KubeadmConfigTemplate: { at: ['spec', 'template', 'spec', 'clusterConfiguration'] },
}

/** What kubeadm makes of a cluster configuration, by itself or in a resource of Cluster API; undefined for others. */
export function kubeadmFound(
  { apiVersion, kind, value }: Pick<Resource, 'apiVersion' | 'kind' | 'value'>,
  vars: ReadonlyMap<string, string> = NO_VARS,
): KubeadmFound | undefined {
  const place = rowOf(PLACES, kind)
  if (!place || !GROUPS.test(groupOf(apiVersion))) return undefined
  const { at } = place
  const found = valueAt(value, at)
  const config = isObject(found) ? found : {}
  const claimed = ['imageRepository', 'dns', 'etcd', 'kubernetesVersion'].map((key): Path => [...at, key])
  const versionPath = [place.version, [...at, 'kubernetesVersion']].find((path) => path && valueAt(value, path))
  const fill = (found: unknown) => (typeof found === 'string' ? (fillPlaceholders(found, vars) ?? found) : undefined)
  const text = versionPath && fill(valueAt(value, versionPath))
  const options = optionsOf(config, fill)
  const isOpen = [options.repository, options.dns?.repository, options.etcd?.repository].some(
    (repository) => repository !== undefined && hasPlaceholder(repository),
  )
  const version = typeof text === 'string' ? kubernetesVersion(text) : undefined
  if (!versionPath || version?.patch === undefined || isOpen) {
    // A worker's template says nothing about images, and runs what its control plane says.
    const isSilent = place.version === undefined && config.imageRepository === undefined && versionPath === undefined
    const what = typeof text === 'string' ? `Kubernetes ${text}` : 'the Kubernetes version of the cluster'
    const path = versionPath ?? (valueAt(value, claimed[0] ?? []) === undefined ? at : (claimed[0] ?? at))
    const elsewhere = { code: 'OPERATOR_CHOOSES', what, path } as const
    return { candidates: [], claimed, elsewhere: isSilent && kind !== 'ClusterConfiguration' ? undefined : elsewhere }
  }
  const { images, unsure } = kubeadmImages(version, options)
  const candidates = images.map((reference): ImageCandidate => {
    const why = `kubeadm's images for Kubernetes ${version.text}`
    const nowhere = { textLine: undefined, container: undefined, policy: undefined }
    return { ...nowhere, reference, path: versionPath, layer: 'knownField', confidence: 'likely', why }
  })
  const elsewhere = unsure && { code: 'OPERATOR_CHOOSES' as const, path: versionPath, ...unsure }
  return { candidates, claimed: [...claimed, versionPath], elsewhere }
}

function optionsOf(config: Record<string, unknown>, fill: (text: unknown) => string | undefined): KubeadmImageOptions {
  const dns = isObject(config.dns) ? config.dns : {}
  const etcd = isObject(config.etcd) ? config.etcd : {}
  const local = isObject(etcd.local) ? etcd.local : {}
  const text = (value: unknown) => fill(value)?.replace(/\/$/, '') || undefined
  return {
    repository: text(config.imageRepository),
    dns: { repository: text(dns.imageRepository), tag: text(dns.imageTag), isElsewhere: dns.disabled === true },
    etcd: {
      repository: text(local.imageRepository),
      tag: text(local.imageTag),
      isElsewhere: isObject(etcd.external),
    },
    isWithoutProxy: isObject(config.proxy) && config.proxy.disabled === true,
  }
}
