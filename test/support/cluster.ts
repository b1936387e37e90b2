import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { type Workload, workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parsePlatform } from '../../src/oci/platform.ts'

/** The workloads of a manifest. */
function workloadsOf(yaml: string): Workload[] {
  return readAllDocuments(yaml, 'test.yaml')
    .flatMap(resourcesOf)
    .flatMap((resource) => workloadOf(resource) ?? [])
}

interface WorkloadParts {
  readonly kind?: string
  readonly name?: string
  readonly image?: string
  readonly policy?: string
  readonly replicas?: number
  readonly spec?: object
}

const LABELS = { app: 'web' }
const APIS: Readonly<Record<string, string>> = { Pod: 'v1', ReplicationController: 'v1', Job: 'batch/v1' }

interface TakenParts {
  readonly name?: string
}

/** An object that an API server takes, with the selector, labels and restart policy that its kind wants; `more` of its spec. */
export function taken(kind: string, podSpec: object, { name = 'w', ...more }: TakenParts = {}) {
  const head = { apiVersion: APIS[kind] ?? 'apps/v1', kind, metadata: { name } }
  if (kind === 'Pod') return { ...head, spec: podSpec }
  const isJob = kind === 'Job'
  const template = { metadata: { labels: LABELS }, spec: { ...podSpec, ...(isJob && { restartPolicy: 'Never' }) } }
  return { ...head, spec: { ...(!isJob && { selector: { matchLabels: LABELS } }), template, ...more } }
}

/** A Deployment of one container, unless told otherwise. */
export function workload({
  kind = 'Deployment',
  name = 'w',
  image = 'web:1',
  policy,
  replicas,
  spec,
}: WorkloadParts = {}) {
  const container = { name: 'c', image, ...(policy && { imagePullPolicy: policy }) }
  const value = taken(
    kind,
    { containers: [container], ...spec },
    {
      name,
      ...(kind !== 'DaemonSet' && { [kind === 'Job' ? 'parallelism' : 'replicas']: replicas }),
    },
  )
  return workloadsOf(JSON.stringify(value))[0] as Workload
}

interface NodeParts {
  readonly labels?: Record<string, string>
  /** Names of its images, each of which is an image by itself. */
  readonly images?: readonly string[]
  readonly architecture?: string
  readonly spec?: Node['spec']
  readonly allocatable?: Record<string, string>
  readonly status?: object
}

const ROOMY = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '500Gi', pods: '110' }

/** A node as the API shows it, with room for much. */
export function node(
  name: string,
  { labels, images = [], architecture = 'amd64', spec = {}, allocatable = ROOMY, status }: NodeParts = {},
) {
  const nodeInfo = { architecture, operatingSystem: 'linux', containerRuntimeVersion: 'containerd://2.1.9' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/arch': architecture, ...labels } },
    spec,
    status: {
      nodeInfo,
      images: images.map((image) => ({ names: [image], sizeBytes: 1 })),
      allocatable,
      ...status,
    },
  } as unknown as Node
}

/** An image as a lock has it: an index, with one manifest and one layer a platform. */
export function lockedImage(name: string, ...platforms: string[]): LockedImage {
  const descriptor = (mediaType: string, content: string) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  })
  const target = descriptor(OCI_INDEX, `${name} index`)
  const repository = name.slice(0, name.lastIndexOf(':'))
  return {
    reference: name,
    names: [name, `${repository}@${target.digest}`],
    target,
    platforms: platforms.map((platform) => ({
      platform: parsePlatform(platform),
      manifest: descriptor(OCI_MANIFEST, `${name} ${platform} manifest`),
      config: descriptor(OCI_CONFIG, `${name} ${platform} config`),
      layers: [descriptor(OCI_LAYER_GZIP, `${name} ${platform} layer`)],
    })),
  }
}
