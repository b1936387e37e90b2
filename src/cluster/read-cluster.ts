import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../errors.ts'
import { type KubeletSettings, parseKubeletConfig } from '../kubernetes/objects/kubelet-config.ts'
import { nameOfNode } from '../kubernetes/objects/node.ts'
import { objectsOf } from '../kubernetes/objects/resource.ts'
import { isFinished } from '../kubernetes/objects/workload.ts'
import { isOpenShift } from '../kubernetes/openshift/openshift-node.ts'
import { readExtensions } from './extension-kinds.ts'
import type { Api } from './list.ts'
import { listAll, listWhereServed, readAnswer } from './list.ts'

/** What a live cluster has, as far as an audit needs it. */
export interface ClusterState {
  readonly nodes: readonly Node[]
  readonly pods: readonly Pod[]
  /** Workloads that no other workload owns, and what else decides about pods, such as RuntimeClasses. */
  readonly objects: readonly Record<string, unknown>[]
  /** By node, as far as they may be read. */
  readonly kubelets: ReadonlyMap<string, KubeletSettings>
  /** The kinds, beyond workloads, of which all objects were read. */
  readonly completeKinds: ReadonlySet<string>
  /** What could not be read, and why. */
  readonly unread: readonly string[]
}

const WORKLOADS = [
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/statefulsets',
  '/apis/apps/v1/daemonsets',
  '/apis/apps/v1/replicasets',
  '/apis/batch/v1/jobs',
  '/apis/batch/v1/cronjobs',
]

const ADMISSION = '/apis/admissionregistration.k8s.io'

/** Policies that change or refuse pods, and their versions, each of which a cluster may serve or not. */
const POLICIES = [
  ...['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
  ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
]
const POLICY_VERSIONS = ['v1', 'v1beta1', 'v1alpha1']

/** What OpenShift has besides, of which each version serves some. */
const OPENSHIFT = [
  '/apis/config.openshift.io/v1/images',
  '/apis/config.openshift.io/v1/clusterimagepolicies',
  '/apis/config.openshift.io/v1/imagepolicies',
  '/apis/config.openshift.io/v1/imagedigestmirrorsets',
  '/apis/config.openshift.io/v1/imagetagmirrorsets',
  '/apis/operator.openshift.io/v1alpha1/imagecontentsourcepolicies',
  '/apis/machineconfiguration.openshift.io/v1/pinnedimagesets',
]

const OTHERS: Readonly<Record<string, string>> = {
  RuntimeClass: '/apis/node.k8s.io/v1/runtimeclasses',
  PriorityClass: '/apis/scheduling.k8s.io/v1/priorityclasses',
  ServiceAccount: '/api/v1/serviceaccounts',
  ResourceQuota: '/api/v1/resourcequotas',
  LimitRange: '/api/v1/limitranges',
  Namespace: '/api/v1/namespaces',
  PersistentVolumeClaim: '/api/v1/persistentvolumeclaims',
  PersistentVolume: '/api/v1/persistentvolumes',
  StorageClass: '/apis/storage.k8s.io/v1/storageclasses',
  CSINode: '/apis/storage.k8s.io/v1/csinodes',
  CSIDriver: '/apis/storage.k8s.io/v1/csidrivers',
  VolumeAttachment: '/apis/storage.k8s.io/v1/volumeattachments',
  MutatingWebhookConfiguration: `${ADMISSION}/v1/mutatingwebhookconfigurations`,
  ValidatingWebhookConfiguration: `${ADMISSION}/v1/validatingwebhookconfigurations`,
  Service: '/api/v1/services',
  HorizontalPodAutoscaler: '/apis/autoscaling/v2/horizontalpodautoscalers',
}

/** A kubelet's settings come one node at a time; nodes beyond are taken to have the defaults. */
const MAX_KUBELETS = 200

/** GETs at a time. */
const CONCURRENCY = 8

/**
 * Reads nodes, pods, workloads, classes and kubelet settings. What may not be read of the last two is told in
 * `unread`, because an audit is possible without. Jobs and pods that have ended are no workloads any more.
 *
 * @throws {ExpectedError} UNAUTHORIZED, DENIED, CLUSTER_ERROR, CLUSTER_UNREACHABLE
 */
export async function readCluster(api: Api): Promise<ClusterState> {
  const nodes = (await listAll(api, '/api/v1/nodes')) as unknown as Node[]
  const pods = (await listAll(api, '/api/v1/pods')) as unknown as Pod[]
  const objects: Record<string, unknown>[] = [...(pods as unknown as Record<string, unknown>[])]
  for (const path of WORKLOADS) objects.push(...(await listAll(api, path)))
  const unread: string[] = []
  const completeKinds = new Set<string>()
  for (const [kind, path] of Object.entries(OTHERS)) {
    const found = await optional(listAll(api, path), unread, undefined)
    if (found) completeKinds.add(kind)
    objects.push(...(found ?? []))
  }
  for (const policies of POLICIES) {
    for (const version of POLICY_VERSIONS) {
      const found = await optional(listWhereServed(api, `${ADMISSION}/${version}/${policies}`), unread, undefined)
      objects.push(...(found ?? []))
      if (found) break
    }
  }
  objects.push(...(await readExtensions(api, (reading) => optional(reading, unread, undefined))))
  for (const path of nodes.some(isOpenShift) ? OPENSHIFT : [])
    objects.push(...((await optional(listWhereServed(api, path), unread, undefined)) ?? []))
  const kubelets = await readKubelets(api, nodes, unread)
  return {
    nodes,
    pods,
    kubelets,
    completeKinds,
    unread,
    objects: objects.filter((object) => !isOwned(object) && !isPast(object)),
  }
}

async function readKubelets(
  api: Api,
  nodes: readonly Node[],
  unread: string[],
): Promise<ReadonlyMap<string, KubeletSettings>> {
  const kubelets = new Map<string, KubeletSettings>()
  const names = nodes.map(nameOfNode)
  if (names.length > MAX_KUBELETS)
    unread.push(`kubelet settings of ${names.length - MAX_KUBELETS} nodes: too many to ask`)
  const waiting = names.slice(0, MAX_KUBELETS)
  const read = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy/configz`
      const before = unread.length
      const settings = await optional(
        api.get(path).then((answer) => parseKubeletConfig(readAnswer(path, answer))),
        unread,
        undefined,
      )
      if (settings) kubelets.set(name, settings)
      // Who may not read one may read none; the first refusal says it all.
      if (unread.length > before) waiting.length = 0
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, read))
  return kubelets
}

/** So many are told: who may read nothing would be told the same of everything. */
const MAX_UNREAD = 8

async function optional<T>(value: Promise<T>, unread: string[], otherwise: T): Promise<T> {
  try {
    return await value
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code === 'UNAUTHORIZED') throw error
    if (unread.length < MAX_UNREAD) unread.push(error.message)
    return otherwise
  }
}

/** Pods of a Deployment, Jobs of a CronJob: the owner is read, and audited for them. Static pods belong to their node. */
const OWNERS: ReadonlySet<string> = new Set('Deployment ReplicaSet StatefulSet DaemonSet Job CronJob Node'.split(' '))

/** Of those kinds; a Job of another group is a custom resource. */
const OWNER_GROUPS = /^(?:apps\/|batch\/|v1$|$)/

interface Owner {
  readonly apiVersion?: string
  readonly kind?: string
}

/** A Job or pod that has ended, and that nobody would start anew. */
function isPast(object: Record<string, unknown>): boolean {
  const { ownerReferences } = (object.metadata ?? {}) as { ownerReferences?: Owner[] }
  return objectsOf(ownerReferences).length === 0 && isFinished(object)
}

/** What a custom resource or a ReplicationController owns stands for it, as its own kind is not read. */
function isOwned({ metadata }: Record<string, unknown>): boolean {
  const owners = objectsOf((metadata as { ownerReferences?: Owner[] } | undefined)?.ownerReferences)
  return owners.some(({ apiVersion = '', kind = '' }) => OWNERS.has(kind) && OWNER_GROUPS.test(apiVersion))
}
