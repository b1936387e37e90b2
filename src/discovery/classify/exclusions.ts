import { mayAskOfNamespace } from '../../kubernetes/admission/injection.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { readKey } from './key.ts'
import { hasVersion, likelihoodOf } from './reference-likelihood.ts'

/**
 * Kinds that name no image to run, by their API group: what they hold only looks like one (`system:auth-delegator`).
 * Another group's `Service` or `Event` is another thing, and may run something.
 */
const KINDS: Readonly<Record<string, string>> = {
  '': 'ServiceAccount Service Endpoints Namespace PersistentVolume PersistentVolumeClaim ResourceQuota LimitRange Event Node',
  'admissionregistration.k8s.io':
    'MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding',
  'apiregistration.k8s.io': 'APIService',
  apps: 'ControllerRevision',
  autoscaling: 'HorizontalPodAutoscaler',
  'bitnami.com': 'SealedSecret',
  'config.openshift.io': 'ImageDigestMirrorSet ImageTagMirrorSet ImageContentPolicy ImagePolicy ClusterImagePolicy',
  'coordination.k8s.io': 'Lease',
  'discovery.k8s.io': 'EndpointSlice',
  extensions: 'Ingress NetworkPolicy PodSecurityPolicy',
  'imagepolicy.k8s.io': 'ImageReview',
  'monitoring.coreos.com': 'ServiceMonitor PodMonitor PrometheusRule',
  'networking.k8s.io': 'Ingress IngressClass NetworkPolicy',
  'operator.openshift.io': 'ImageContentSourcePolicy',
  policy: 'PodDisruptionBudget PodSecurityPolicy',
  'policies.kubewarden.io': 'ClusterAdmissionPolicy AdmissionPolicy ClusterAdmissionPolicyGroup AdmissionPolicyGroup',
  'policies.kyverno.io': 'ImageValidatingPolicy NamespacedImageValidatingPolicy ValidatingPolicy DeletingPolicy',
  'policy.sigstore.dev': 'ClusterImagePolicy TrustRoot',
  'scheduling.k8s.io': 'PriorityClass',
}

const EXCLUDED: ReadonlySet<string> = new Set(
  Object.entries(KINDS).flatMap(([group, kinds]) => kinds.split(' ').map((kind) => `${group}/${kind}`)),
)

/** API groups of which no kind runs an image: they bind roles, compare, scan, build or update images. */
const GROUPS: ReadonlySet<string> = new Set([
  ...['rbac.authorization.k8s.io', 'authorization.openshift.io', 'events.k8s.io'],
  ...['constraints.gatekeeper.sh', 'config.gatekeeper.sh', 'wgpolicyk8s.io'],
  ...['image.toolkit.fluxcd.io', 'kustomize.config.k8s.io'],
  // Files of tools that make clusters or build images; no cluster reads them.
  ...['kind.x-k8s.io', 'k3d.io', 'ctlptl.dev', 'skaffold'],
])

/** Groups whose reports say what others run. */
const REPORT_GROUP = /^(?:aquasecurity\.github\.io|(?:.+\.)?kyverno\.io|openreports\.io)$/

/** API groups of controllers for clouds: the images that their resources name run there, not in the cluster. */
const CLOUD_GROUP =
  /(?:^|\.)(?:(?:aws|azure|gcp|azuread)\.(?:m\.)?(?:upbound|crossplane)\.io|cnrm\.cloud\.google\.com|services\.k8s\.aws|azure\.com)$/

/** Parts of a policy that compare images with a pattern. */
const POLICY_PATTERNS: ReadonlySet<string> = new Set(
  'pattern anyPattern validate match exclude preconditions deny conditions verifyImages attestors imageExtractors'.split(
    ' ',
  ),
)

/** Keys below which nothing is pulled: selections, what is built, pictures, API machinery. */
const KEYS: ReadonlySet<string> = new Set(
  `managedFields ownerReferences finalizers matchLabels icon icons maintainers links`.split(/\s+/),
)

/** What is made, where something is built or computed; elsewhere what writes logs, say, may be called so. */
const RESULTS: ReadonlySet<string> = new Set(['output', 'outputs'])
const MAKERS: ReadonlySet<string> = new Set(
  `source sources strategy plugins dockerfile dockerFile buildArgs steps inputs container containerSet script dag template
  postCommit triggers artifacts params workspace workspaces`.split(/\s+/),
)

/** Fields of pods, names of Ceph block devices, what was: in values a component may bear such a name. */
const POD_FIELDS: ReadonlySet<string> = new Set(
  'status affinity tolerations rbd imagePullSecrets ports securityContext volumeMounts labels nodeSelector selector'.split(
    ' ',
  ),
)
/** Fields of containers; elsewhere a component, or what holds some, may bear such a name. */
const PROBES: ReadonlySet<string> = new Set(['livenessProbe', 'readinessProbe', 'startupProbe'])

/** The set of each of these keys, as most keys are in none. */
const WHERE_EXCLUDED: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [POLICY_PATTERNS, PROBES, POD_FIELDS, KEYS, RESULTS].flatMap((keys) =>
    Array.from(keys, (key) => [key, keys] as const),
  ),
)

/** Whether a resource names no image beside those of its pod spec. */
export function isExcluded({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): boolean {
  const group = groupOf(apiVersion)
  return (
    EXCLUDED.has(`${group}/${kind}`) ||
    GROUPS.has(group) ||
    CLOUD_GROUP.test(group) ||
    (kind.endsWith('Report') && REPORT_GROUP.test(group))
  )
}

/** Kinds from which nothing is run: samples that a console offers, what a catalog says of packages, checks of a package. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  'scorecard.operatorframework.io': 'Configuration',
  'console.openshift.io': 'ConsoleSample ConsoleYAMLSample ConsoleQuickStart ConsoleCLIDownload',
  'packages.operators.coreos.com': 'PackageManifest',
  'image.openshift.io': 'Image ImageSignature',
}

const DESCRIBES: ReadonlySet<string> = new Set(
  Object.entries(DESCRIPTIONS).flatMap(([group, kinds]) => kinds.split(' ').map((kind) => `${group}/${kind}`)),
)

/** Whether a resource only describes, so that what it names may never run. */
export function onlyDescribes({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): boolean {
  return DESCRIBES.has(`${groupOf(apiVersion)}/${kind}`)
}

/** Groups of excluded kinds of which one field names an image all the same. */
const HAS_KNOWN_FIELDS: ReadonlySet<string> = new Set(['policies.kubewarden.io'])

/** Whether a resource defines a kind of resources; another group's kind of that name is another thing. */
export function isDefinition({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): boolean {
  return kind === 'CustomResourceDefinition' && groupOf(apiVersion) === 'apiextensions.k8s.io'
}

const KIND_LINE = /^kind: ?["']?(\w+)["']?[ \t]*\r?$/m
const API_VERSION_LINE = /^apiVersion: ?["']?([\w./-]+)["']?[ \t]*\r?$/m

/**
 * Whether the text of a document may name an image, told without parsing it: half of what clusters hold cannot, and
 * schemas are the largest of all. Only block style says its kind at the start of a line, so anything else may.
 */
export function mayNameImages(source: string): boolean {
  const kind = KIND_LINE.exec(source)?.[1]
  const apiVersion = API_VERSION_LINE.exec(source)?.[1]
  if (kind === undefined || apiVersion === undefined) return true
  if (isDefinition({ apiVersion, kind })) return source.includes('default')
  if (kind === 'Namespace') return mayAskOfNamespace(source)
  return !isExcluded({ apiVersion, kind }) || HAS_KNOWN_FIELDS.has(groupOf(apiVersion))
}

interface KeyPlace {
  readonly apiVersion: string
  /** Whether it is one of the resource's own keys. */
  readonly isRoot: boolean
  /** What the key stands in, and how that is called. */
  readonly holder: Readonly<Record<string, unknown>>
  readonly name: string
}

/** Whether nothing at or below a key of a resource of that API is an image to run. */
export function isExcludedKey(key: string, value: unknown, { apiVersion, isRoot, holder, name }: KeyPlace): boolean {
  switch (WHERE_EXCLUDED.get(key)) {
    case undefined:
      return false
    case KEYS:
      return true
    case POD_FIELDS:
      return (isRoot && key === 'status') || !holdsComponent(value)
    case RESULTS:
      return /build/i.test(name) || Object.keys(holder).some((key) => MAKERS.has(key))
    case PROBES:
      return isContainer(holder) && !isComponent(value)
    default:
      return groupOf(apiVersion).endsWith('kyverno.io')
  }
}

function isContainer(map: Readonly<Record<string, unknown>>): boolean {
  return 'image' in map || 'command' in map || 'args' in map || 'env' in map
}

/** Whether a key may as well say what is made as what runs: `output: {image: ref}` and no more. */
export function maySayResult(key: string, value: unknown): boolean {
  if (WHERE_EXCLUDED.get(key) !== RESULTS || !isObject(value) || isObject(value.image)) return false
  return Object.keys(value).every((one) => OF_RESULT.test(one))
}
const OF_RESULT = /^(?:images?|type|to|push\w*|insecure|labels|annotations|timestamp)$/

/** A component, or a map of some by their names. */
function holdsComponent(value: unknown): boolean {
  return isComponent(value) || (isObject(value) && Object.values(value).some(isComponent))
}

/** Whether a map says which image something runs, as a component in values does: `{repository, tag}`, `{image: {…}}`. */
function isComponent(value: unknown): boolean {
  if (!isObject(value)) return false
  let [image, repository]: unknown[] = []
  let hasTag = false
  for (const key in value) {
    const { role } = readKey(key)
    if (role === 'image') image = value[key]
    else if (role === 'repository') repository = value[key]
    else hasTag ||= role === 'tag' || role === 'digest'
  }
  if (isObject(image)) return true
  if (typeof image === 'string') return hasVersion(image) && likelihoodOf(image) !== 'none' && image.includes('/')
  return typeof repository === 'string' && hasTag
}

/** Annotations that repeat the resource, or say what tools did to it. */
export function isExcludedAnnotation(name: string): boolean {
  return /^(?:kubectl\.kubernetes\.io|deployment\.kubernetes\.io|objectset\.rio\.cattle\.io|deprecated\.)/.test(name)
}

export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}
