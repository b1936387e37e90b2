import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import type { Lock } from '../../bundle/format/lock.ts'
import type { AdmissionFacts } from '../../kubernetes/admission/admitted-pod.ts'
import type { NamespaceObjects } from '../../kubernetes/admission/namespace-objects.ts'
import {
  DEFAULT_KUBELET_SETTINGS,
  type KubeletSettings,
  settingsInForce,
} from '../../kubernetes/objects/kubelet-config.ts'
import { kubeletMinor, nameOfNode } from '../../kubernetes/objects/node.ts'
import type { MirrorSources } from '../../kubernetes/openshift/mirror-sources.ts'
import type { PinnedImages } from '../../kubernetes/openshift/pinned-images.ts'
import type { StorageFacts } from '../../kubernetes/storage/storage-facts.ts'
import type { Digest } from '../../oci/digest.ts'
import type { ImageListing } from './images/node-images.ts'
import type { MutationFacts } from './mutation-facts.ts'
import type { RefusalFacts } from './refusals/refusal-facts.ts'

/** What a seed label stands for. */
export interface HeldSet {
  readonly digest: string
  readonly names: readonly string[]
  /** What each name stands for, as far as that is recorded. */
  readonly digests?: readonly string[] | undefined
}

/** A set that a node is to hold. */
export interface PlacedSet {
  readonly digest: string
  /** Key of the label that the node gets for it; none where nobody labels it. */
  readonly label?: string
}

/** Between how many pods something scales a workload. */
export interface ScaleRange {
  readonly least: number
  readonly most: number
  /** Pods of its template are made by something else, which says how many. */
  readonly isTakenOver?: boolean
}

/** What is true of the whole cluster, as far as the operator told. */
export interface Conditions extends AdmissionFacts, MutationFacts, RefusalFacts {
  /** What the bundle holds. */
  readonly lock?: Lock
  /** As whom images of the bundle run: the `User` of their configs, by digest, as far as they were read. */
  readonly imageUsers?: ReadonlyMap<Digest, string>
  /** What each seed label stands for. Left out: the only set is the whole bundle. */
  readonly seedSets?: readonly HeldSet[]
  /** Asks what would be if every node were seeded with the bundle. */
  readonly assumeSeeded?: boolean
  /** Where a placement says which sets seeding brings to each node. Other nodes are not seeded. */
  readonly placedSets?: ReadonlyMap<string, readonly PlacedSet[]>
  /** What the runtimes are configured to use; nobody can guess it from the cluster. */
  readonly sandboxImage?: string
  /** A registry on this side of the gap answers for the images of the bundle; without one, what it has is not known. */
  readonly hasMirror?: boolean
  /** Which images the nodes of OpenShift ask a mirror for; undefined where no input told of mirror sets. */
  readonly mirrorSources?: MirrorSources | undefined
  /** What OpenShift is to bring to the nodes of its pools. */
  readonly pinnedImages?: readonly PinnedImages[]
  /** The admission plugin AlwaysPullImages is on: every stored policy becomes Always. */
  readonly alwaysPullImages?: boolean
  /** The minor version that the API server has at least. */
  readonly apiServerMinor?: number | undefined
  /** What the inputs have of the namespaces, by their names. */
  readonly namespaceObjects?: ReadonlyMap<string, NamespaceObjects>
  /** The pods that run in the cluster now. */
  readonly livePods?: readonly Pod[]
  /** By `workloadKey`. */
  readonly autoscaled?: ReadonlyMap<string, ScaleRange>
  /** Claims, volumes and storage classes. */
  readonly storage?: StorageFacts
  /** What the runtimes themselves list, by node. */
  readonly runtimeListings?: ReadonlyMap<string, readonly ImageListing[]>
  /** The settings of every kubelet that `kubelets` does not name. */
  readonly kubelet?: KubeletSettings
  /** The settings of kubelets, by node. */
  readonly kubelets?: ReadonlyMap<string, KubeletSettings>
}

/** The settings that a node's kubelet goes by; Kubernetes' defaults for its version where nobody told them. */
export function kubeletOf({ kubelet, kubelets }: Conditions, node: Node): KubeletSettings {
  const told = kubelets?.get(nameOfNode(node)) ?? kubelet ?? DEFAULT_KUBELET_SETTINGS
  return settingsInForce(told, kubeletMinor(node))
}
