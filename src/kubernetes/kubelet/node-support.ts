import type { Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { rowOf } from '../documents/row-of.ts'
import { kubeletMinor } from '../objects/node.ts'
import { isObject, objectsOf } from '../objects/resource.ts'
import { mountedVolumes } from '../pods/mounted-volumes.ts'
import { asksForProfiles, profileDoubts } from './confinement.ts'
import { forbiddenSysctls, setsSysctls } from './sysctls.ts'
import { hugePageVolumes } from './volumes/huge-page-volumes.ts'
import { mountsOldVolumes, volumePlugins } from './volumes/volume-plugins.ts'
import { hasYoungFields, youngFields } from './young-fields.ts'

/** A pod, and the handler of its RuntimeClass; empty for none, undefined where it is not known. */
export interface AskingPod {
  readonly spec: PodSpec
  readonly handler: string | undefined
}

/** Something that a pod asks of its node; `isCertain` where the node is known not to have it. */
export interface Unsupported {
  readonly message: string
  readonly isCertain: boolean
}

/** The feature gates of a kubelet, as far as they are set. */
type FeatureGates = Readonly<Record<string, boolean>>

/** From this version on kubelets refuse what their runtime does not support, and user namespaces are on. */
const CHECKING_MINOR = 33

/** From this version on kubelets mount images as volumes unless they are told not to. */
const IMAGE_VOLUME_MINOR = 35

/** The first versions of runtimes that can, as thousands of majors. Source: kubernetes KEP-4639. */
const IMAGE_VOLUME_RUNTIMES: Readonly<Record<string, number>> = { containerd: 2001, 'cri-o': 1031 }

/** The first CRI-O that mounts artifacts. */
const ARTIFACT_VOLUME_CRIO = 1033

/**
 * What a pod asks of the kubelet and the runtime of its node that they do not have, or do not tell.
 * Source: kubernetes 1.37, pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/userns, pkg/kubelet/sysctl.
 */
export function unsupported(
  pod: AskingPod,
  node: Node,
  gates: FeatureGates = {},
  allowedSysctls: readonly string[] = [],
): Unsupported[] {
  const { spec } = pod
  return [
    ...runtimeHandler(pod, node),
    ...supplementalGroups(spec, node),
    ...userNamespaces(pod, node, gates),
    ...volumePlugins(spec, node, gates),
    ...hugePageVolumes(spec),
    ...profileDoubts(spec, node),
    ...forbiddenSysctls(spec, node, allowedSysctls),
    ...imageVolumes(spec, node, gates),
    ...youngFields(spec, node),
  ]
}

/** Whether a pod asks for anything of the kind, so that nodes differ for it. */
export function asksOfNode({ spec, handler }: AskingPod): boolean {
  return (
    Boolean(handler) ||
    isStrict(spec) ||
    valueAt(spec, ['hostUsers']) === false ||
    mountsImage(spec) ||
    hasYoungFields(spec) ||
    setsSysctls(spec) ||
    mountsOldVolumes(spec) ||
    hugePageVolumes(spec).length > 0 ||
    asksForProfiles(spec)
  )
}

/** The handler of a RuntimeClass, which each runtime is configured with. */
function runtimeHandler({ handler }: AskingPod, node: Node): Unsupported[] {
  const known = handlersOf(node)
  if (!handler || known.some(({ name }) => name === handler)) return []
  // Kubelets tell from 1.30 on, where the runtime tells them.
  if (known.length === 0)
    return [{ message: `the node does not tell whether its runtime has ${handler}`, isCertain: false }]
  return [{ message: `its runtime has no handler ${handler} (FailedCreatePodSandBox)`, isCertain: true }]
}

function handlersOf(node: Node): readonly Record<string, unknown>[] {
  return objectsOf(valueAt(node.status, ['runtimeHandlers']) as Record<string, unknown>[] | undefined)
}

function supplementalGroups(spec: PodSpec, node: Node): Unsupported[] {
  if (!isStrict(spec) || valueAt(node.status, ['features', 'supplementalGroupsPolicy']) === true) return []
  const message =
    'supplementalGroupsPolicy: Strict needs a runtime that supports it (SupplementalGroupsPolicyNotSupported)'
  return [{ message, isCertain: isChecking(node) }]
}

function userNamespaces({ spec, handler }: AskingPod, node: Node, gates: FeatureGates): Unsupported[] {
  if (valueAt(spec, ['hostUsers']) !== false) return []
  if (gates.UserNamespacesSupport === false) {
    return [{ message: 'the feature gate UserNamespacesSupport is off on its kubelet', isCertain: false }]
  }
  const used = handler === undefined ? undefined : handlersOf(node).find(({ name }) => (name ?? '') === handler)
  if (valueAt(used, ['features', 'userNamespaces']) === true) return []
  const message = 'hostUsers: false needs a runtime with user namespaces'
  return [{ message, isCertain: used !== undefined && isChecking(node) }]
}

/**
 * Whether the runtime of a node mounts artifacts as image volumes; undefined where nobody can tell.
 * Source: CRI-O 1.33; containerd 2.x unpacks images only.
 */
export function mountsArtifacts(node: Node): boolean | undefined {
  const { name, release } = runtimeOf(node)
  if (name === 'containerd' || name === 'docker') return false
  return name === 'cri-o' && release > 0 ? release >= ARTIFACT_VOLUME_CRIO : undefined
}

/** The first containerd of which a handler can do without the sandbox image. */
const NO_PAUSE_CONTAINERD = 2004

/**
 * Whether the handler of a RuntimeClass may make pods without the sandbox image: containerd 2.4 has
 * `disable_pause_image_pull` for sandboxes that the shim makes, and no node tells whether it is set.
 * Source: containerd 2.4, internal/cri/config, Runtime.DisablePauseImagePull.
 */
export function mayLackSandboxImage(node: Node, handler: string | undefined): boolean {
  const { name, release } = runtimeOf(node)
  return Boolean(handler) && name === 'containerd' && release >= NO_PAUSE_CONTAINERD
}

interface Runtime {
  readonly version: string
  readonly name: string
  readonly release: number
}

/** Read once a node: every image of every pod asks. */
const RUNTIMES = new WeakMap<Node, Runtime>()

/** The runtime that a node names, its release as thousands of majors. */
function runtimeOf(node: Node): Runtime {
  const known = RUNTIMES.get(node) ?? readRuntime(node)
  RUNTIMES.set(node, known)
  return known
}

function readRuntime(node: Node): Runtime {
  const version = node.status?.nodeInfo?.containerRuntimeVersion ?? ''
  const [, name = '', major = '', minor = ''] = /^([a-z-]+):\/\/v?(\d+)\.(\d+)/.exec(version) ?? []
  return { version, name, release: Number(major) * 1000 + Number(minor) }
}

function imageVolumes(spec: PodSpec, node: Node, { ImageVolume: isOn }: FeatureGates): Unsupported[] {
  if (!mountsImage(spec)) return []
  const { version, name, release } = runtimeOf(node)
  const least = rowOf(IMAGE_VOLUME_RUNTIMES, name)
  const isTooOld = least !== undefined && release < least
  if (name === 'docker' || isTooOld) return [{ message: `${version} mounts no image volumes`, isCertain: true }]
  if (isOn === false) return [{ message: 'the feature gate ImageVolume is off on its kubelet', isCertain: false }]
  const kubelet = kubeletMinor(node)
  if (isOn === true || kubelet === undefined || kubelet >= IMAGE_VOLUME_MINOR) return []
  return [{ message: 'image volumes are off by default before Kubernetes 1.35', isCertain: false }]
}

function mountsImage(spec: PodSpec): boolean {
  const mounted = mountedVolumes(spec)
  return objectsOf(spec.volumes).some((volume) => isObject(valueAt(volume, ['image'])) && mounted.has(volume.name))
}

function isStrict(spec: PodSpec): boolean {
  return valueAt(spec, ['securityContext', 'supplementalGroupsPolicy']) === 'Strict'
}

function isChecking(node: Node): boolean {
  return (kubeletMinor(node) ?? 0) >= CHECKING_MINOR
}
