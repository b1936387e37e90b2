import type { Resource } from '../../kubernetes/objects/resource.ts'

/** Kinds that name no image to run; what they hold only looks like one (`system:auth-delegator`), or is a secret. */
const KINDS: ReadonlySet<string> = new Set([
  ...['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'ServiceAccount', 'Secret', 'SealedSecret'],
  ...['Service', 'Endpoints', 'EndpointSlice', 'Ingress', 'IngressClass', 'NetworkPolicy', 'APIService', 'Namespace'],
  ...['PersistentVolume', 'PersistentVolumeClaim', 'PriorityClass', 'PodDisruptionBudget', 'HorizontalPodAutoscaler'],
  ...[
    'ResourceQuota',
    'LimitRange',
    'Lease',
    'Event',
    'Node',
    'ControllerRevision',
    'PodSecurityPolicy',
    'Kustomization',
  ],
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'ValidatingAdmissionPolicy', 'ImageReview'],
  ...['ServiceMonitor', 'PodMonitor', 'PrometheusRule', 'ImageContentSourcePolicy', 'ImageDigestMirrorSet'],
  ...['ImageTagMirrorSet', 'VulnerabilityReport', 'SbomReport', 'ExposedSecretReport', 'ClusterImagePolicy'],
])

/** API groups whose resources compare, scan, build or update images, and run none in the cluster. */
const GROUPS: ReadonlySet<string> = new Set([
  ...['rbac.authorization.k8s.io', 'constraints.gatekeeper.sh', 'config.gatekeeper.sh', 'mutations.gatekeeper.sh'],
  ...[
    'image.toolkit.fluxcd.io',
    'policy.sigstore.dev',
    'policies.kubewarden.io',
    'wgpolicyk8s.io',
    'events.k8s.io',
    'kustomize.config.k8s.io',
  ],
  // Files of tools that make clusters or build images; no cluster reads them.
  ...['kind.x-k8s.io', 'k3d.io', 'ctlptl.dev', 'skaffold'],
])

/** API groups of controllers for clouds: the images that their resources name run there, not in the cluster. */
const CLOUD_GROUP =
  /(?:^|\.)(?:(?:aws|azure|gcp|azuread)\.(?:m\.)?(?:upbound|crossplane)\.io|cnrm\.cloud\.google\.com|services\.k8s\.aws|azure\.com)$/

/** Parts of a policy that compare images with a pattern. */
const POLICY_PATTERNS: ReadonlySet<string> = new Set(
  'pattern anyPattern validate match exclude preconditions deny conditions verifyImages attestors imageExtractors'.split(
    ' ',
  ),
)

/** Keys below which nothing is pulled: what is built, what was, names of Ceph block devices, pictures, API machinery. */
const KEYS: ReadonlySet<string> = new Set(
  `status managedFields labels matchLabels nodeSelector selector ownerReferences finalizers affinity tolerations rbd
  output outputs icon icons maintainers links imagePullSecrets ports securityContext volumeMounts
  livenessProbe readinessProbe startupProbe`.split(/\s+/),
)

/** Whether a resource names no image beside those of its pod spec. */
export function isExcluded({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): boolean {
  const group = groupOf(apiVersion)
  return KINDS.has(kind) || GROUPS.has(group) || CLOUD_GROUP.test(group) || kind.endsWith('Report')
}

const KIND_LINE = /^kind: ?["']?(\w+)["']?[ \t]*\r?$/m

/**
 * Whether the text of a document may name an image, told without parsing it: half of what clusters hold cannot, and
 * schemas are the largest of all. Only block style says its kind at the start of a line, so anything else may.
 */
export function mayNameImages(source: string): boolean {
  const kind = KIND_LINE.exec(source)?.[1]
  if (kind === undefined) return true
  if (kind === 'CustomResourceDefinition') return source.includes('default')
  return !KINDS.has(kind)
}

/** Whether nothing below a key of a resource of that API is an image to run. */
export function isExcludedKey(key: string, apiVersion: string): boolean {
  return KEYS.has(key) || (POLICY_PATTERNS.has(key) && groupOf(apiVersion).endsWith('kyverno.io'))
}

/** Annotations that repeat the resource, or say what tools did to it. */
export function isExcludedAnnotation(name: string): boolean {
  return /^(?:kubectl\.kubernetes\.io|deployment\.kubernetes\.io|objectset\.rio\.cattle\.io|deprecated\.)/.test(name)
}

export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}
