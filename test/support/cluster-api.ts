import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './temporary.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean

export interface ApiServer {
  /** A kubeconfig whose only context leads here. */
  readonly kubeconfig: string
  /** The paths that were asked for, with their queries. */
  readonly asked: string[]
}

/**
 * Answers GETs in the shapes of a Kubernetes API server: lists by path, in pages of at most `pageSize`. `answer` comes
 * first and may take a request for itself. Ends with the test.
 */
export async function startApiServer(
  lists: Record<string, readonly object[]>,
  {
    answer,
    pageSize = 500,
    objects = {},
  }: { answer?: Answer; pageSize?: number; objects?: Record<string, object> } = {},
): Promise<ApiServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (answer?.(request, response)) return
    const url = new URL(request.url ?? '/', 'http://api')
    const object = objects[url.pathname]
    if (object) return reply(response, 200, object)
    const items = lists[url.pathname]
    if (!items) return reply(response, 200, list(url.pathname, [], undefined))
    const start = Number(url.searchParams.get('continue') ?? 0)
    const end = start + Math.min(pageSize, Number(url.searchParams.get('limit') ?? items.length))
    reply(response, 200, list(url.pathname, items.slice(start, end), end < items.length ? String(end) : undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { kubeconfig: await writeKubeconfig(address), asked }
}

/** What an API server says when it says no. */
export function reply(response: ServerResponse, status: number, body: object | string): void {
  const value =
    typeof body === 'string'
      ? { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: body, code: status }
      : body
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

export async function writeKubeconfig(server: string): Promise<string> {
  const file = join(await temporaryDirectory(), 'kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'test', user: { token: 'token-of-the-test' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  }
  await writeFile(file, JSON.stringify(config))
  return file
}

/** By the name of their resource. */
export const KINDS: Readonly<Record<string, string>> = {
  nodes: 'Node',
  pods: 'Pod',
  deployments: 'Deployment',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
  replicasets: 'ReplicaSet',
  jobs: 'Job',
  cronjobs: 'CronJob',
  runtimeclasses: 'RuntimeClass',
  priorityclasses: 'PriorityClass',
  limitranges: 'LimitRange',
  resourcequotas: 'ResourceQuota',
  serviceaccounts: 'ServiceAccount',
  namespaces: 'Namespace',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  persistentvolumes: 'PersistentVolume',
  storageclasses: 'StorageClass',
  csinodes: 'CSINode',
  csidrivers: 'CSIDriver',
  volumeattachments: 'VolumeAttachment',
  imagedigestmirrorsets: 'ImageDigestMirrorSet',
  services: 'Service',
  horizontalpodautoscalers: 'HorizontalPodAutoscaler',
  mutatingwebhookconfigurations: 'MutatingWebhookConfiguration',
  validatingwebhookconfigurations: 'ValidatingWebhookConfiguration',
  mutatingadmissionpolicies: 'MutatingAdmissionPolicy',
  mutatingadmissionpolicybindings: 'MutatingAdmissionPolicyBinding',
  validatingadmissionpolicies: 'ValidatingAdmissionPolicy',
  validatingadmissionpolicybindings: 'ValidatingAdmissionPolicyBinding',
  clusterpolicies: 'ClusterPolicy',
  policies: 'Policy',
  mutatingpolicies: 'MutatingPolicy',
  namespacedmutatingpolicies: 'NamespacedMutatingPolicy',
  validatingpolicies: 'ValidatingPolicy',
  namespacedvalidatingpolicies: 'NamespacedValidatingPolicy',
  imagevalidatingpolicies: 'ImageValidatingPolicy',
  namespacedimagevalidatingpolicies: 'NamespacedImageValidatingPolicy',
  generatingpolicies: 'GeneratingPolicy',
  namespacedgeneratingpolicies: 'NamespacedGeneratingPolicy',
  deletingpolicies: 'DeletingPolicy',
  namespaceddeletingpolicies: 'NamespacedDeletingPolicy',
  cleanuppolicies: 'CleanupPolicy',
  clustercleanuppolicies: 'ClusterCleanupPolicy',
  assign: 'Assign',
  assignimage: 'AssignImage',
  modifyset: 'ModifySet',
  k8srequiredlabels: 'K8sRequiredLabels',
  clusteradmissionpolicies: 'ClusterAdmissionPolicy',
  admissionpolicies: 'AdmissionPolicy',
  clusteradmissionpolicygroups: 'ClusterAdmissionPolicyGroup',
  admissionpolicygroups: 'AdmissionPolicyGroup',
  clusterimagepolicies: 'ClusterImagePolicy',
  imagepolicies: 'ImagePolicy',
  verticalpodautoscalers: 'VerticalPodAutoscaler',
  scaledobjects: 'ScaledObject',
}

/** The extensions of a cluster that has every one that an audit asks for: their groups, and the resources of each. */
const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  'kyverno.io/v1': ['clusterpolicies', 'policies', 'clusterpolicies/status'],
  'kyverno.io/v2': ['cleanuppolicies', 'clustercleanuppolicies', 'policyexceptions'],
  'policies.kyverno.io/v1': [
    ...['mutatingpolicies', 'namespacedmutatingpolicies', 'validatingpolicies', 'namespacedvalidatingpolicies'],
    ...['imagevalidatingpolicies', 'namespacedimagevalidatingpolicies', 'policyexceptions'],
    ...['generatingpolicies', 'namespacedgeneratingpolicies', 'deletingpolicies', 'namespaceddeletingpolicies'],
  ],
  'mutations.gatekeeper.sh/v1': ['assign', 'assignimage', 'modifyset'],
  'constraints.gatekeeper.sh/v1beta1': ['k8srequiredlabels', 'k8srequiredlabels/status'],
  'policies.kubewarden.io/v1': [
    ...['clusteradmissionpolicies', 'admissionpolicies', 'clusteradmissionpolicygroups', 'admissionpolicygroups'],
  ],
  'policy.sigstore.dev/v1beta1': ['clusterimagepolicies'],
  'portieris.cloud.ibm.com/v1': ['clusterimagepolicies', 'imagepolicies'],
  'autoscaling.k8s.io/v1': ['verticalpodautoscalers'],
  'keda.sh/v1alpha1': ['scaledobjects'],
  'example.com/v1': ['clusterpolicies'],
}

/** What an API server says of its groups and their resources, by path. */
export function discovery(extensions = EXTENSIONS): Record<string, object> {
  const versions = Object.keys(extensions)
  const groups = Map.groupBy(versions, (version) => version.split('/')[0])
  const answers = versions.map((groupVersion) => {
    const resources = extensions[groupVersion]?.map((name) => ({
      name,
      kind: KINDS[name],
      verbs: name.includes('/') ? ['get'] : ['get', 'list'],
    }))
    return [`/apis/${groupVersion}`, { kind: 'APIResourceList', groupVersion, resources }] as const
  })
  const list = Array.from(groups, ([name, own]) => ({ name, versions: own.map((groupVersion) => ({ groupVersion })) }))
  return { '/apis': { kind: 'APIGroupList', groups: list }, ...Object.fromEntries(answers) }
}

/** As the API does: the kind is that of the list, and items have none. */
function list(path: string, items: readonly object[], next: string | undefined): object {
  const [, root, ...rest] = path.split('/')
  const apiVersion = root === 'api' ? 'v1' : rest.slice(0, 2).join('/')
  const bare = items.map((item) => ({ ...item, apiVersion: undefined, kind: undefined }))
  const kind = `${KINDS[path.split('/').at(-1) ?? ''] ?? ''}List`
  return { kind, apiVersion, metadata: { resourceVersion: '1', ...(next && { continue: next }) }, items: bare }
}
