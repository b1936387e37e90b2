import { type KubernetesVersion, kubeadmParts, lastPatchOf } from './kubeadm-versions.ts'

/** What a cluster configuration says about its images. */
export interface KubeadmImageOptions {
  readonly repository?: string | undefined
  readonly dns?: ImageOptions | undefined
  readonly etcd?: ImageOptions | undefined
  /** kube-proxy is not wanted. */
  readonly isWithoutProxy?: boolean
}

interface ImageOptions {
  readonly repository?: string | undefined
  readonly tag?: string | undefined
  /** Something else provides it. */
  readonly isElsewhere?: boolean
}

export interface KubeadmImages {
  readonly images: readonly string[]
  /** What is not known for sure, for people; undefined where all is. */
  readonly unsure: { readonly what: string; readonly instead: string | undefined } | undefined
}

export const KUBEADM_REPOSITORY = 'registry.k8s.io'
const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'] as const

/** The images that `kubeadm config images list` names for a version. Source: cmd/kubeadm/app/images. */
export function kubeadmImages(
  version: KubernetesVersion,
  { repository = KUBEADM_REPOSITORY, dns = {}, etcd = {}, isWithoutProxy = false }: KubeadmImageOptions = {},
): KubeadmImages {
  const parts = kubeadmParts(version)
  const dnsRepository = dns.repository ?? repository
  const dnsTag = dns.tag ?? parts?.coredns
  const etcdTag = etcd.tag ?? parts?.etcd
  const components = COMPONENTS.filter((component) => component !== 'kube-proxy' || !isWithoutProxy)
  const images = components.map((component) => `${repository}/${component}:${version.text}`)
  // Only the default registry has CoreDNS in a folder of its own.
  const folder = dnsRepository === KUBEADM_REPOSITORY ? 'coredns/' : ''
  if (dnsTag && !dns.isElsewhere) images.push(`${dnsRepository}/${folder}coredns:${dnsTag}`)
  if (parts) images.push(`${repository}/pause:${parts.pause}`)
  if (etcdTag && !etcd.isElsewhere) images.push(`${etcd.repository ?? repository}/etcd:${etcdTag}`)
  const isAsked = (part: ImageOptions) => part.tag === undefined && !part.isElsewhere
  const moving = [isAsked(dns) ? ['CoreDNS'] : [], isAsked(etcd) ? ['etcd'] : [], ['pause']].flat()
  return { images, unsure: doubtOf(version, moving) }
}

function doubtOf(version: KubernetesVersion, moving: readonly string[]): KubeadmImages['unsure'] {
  const { minor, patch = 0, isRelease, text } = version
  const last = lastPatchOf(minor)
  const what = `${moving.join(', ')} of Kubernetes ${text}`
  if (last === undefined) return { what, instead: undefined }
  if (patch <= last && isRelease) return undefined
  return { what, instead: `those of v1.${minor}.${Math.min(patch, last)} are taken` }
}
