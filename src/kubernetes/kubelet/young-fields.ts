import type { Container, Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { kubeletMinor } from '../objects/node.ts'
import { isObject, objectsOf } from '../objects/resource.ts'

/** A field of pods that works from some version on; before, the API server drops or refuses it, or the kubelet ignores it. */
interface YoungField {
  readonly what: string
  /** The first version that has it on by default; none has it yet where this is undefined. */
  readonly since: number | undefined
  readonly isIn: (spec: PodSpec) => boolean
}

type Newer = Container & { restartPolicy?: string; restartPolicyRules?: unknown }

/** Source: kubernetes 1.37, pkg/features/kube_features.go: SidecarContainers, ContainerRestartRules, EnvFiles, HostnameOverride, ContainerStopSignals, ClusterTrustBundleProjection, PodCertificateRequest. */
const YOUNG: readonly YoungField[] = [
  {
    what: 'an init container with restartPolicy: Always',
    since: 29,
    isIn: ({ initContainers }) =>
      objectsOf(initContainers as Newer[]).some(({ restartPolicy }) => restartPolicy === 'Always'),
  },
  {
    what: 'a restart policy of a container',
    since: 35,
    isIn: ({ containers, initContainers }) =>
      objectsOf(containers as Newer[]).some(hasOwnPolicy) ||
      objectsOf(initContainers as Newer[]).some((one) => one.restartPolicy !== 'Always' && hasOwnPolicy(one)),
  },
  {
    what: 'a variable from a file (fileKeyRef)',
    since: 35,
    isIn: ({ containers, initContainers }) =>
      [...objectsOf(containers), ...objectsOf(initContainers)].some(({ env }) =>
        objectsOf(env).some((one) => isObject(valueAt(one, ['valueFrom', 'fileKeyRef']))),
      ),
  },
  { what: 'hostnameOverride', since: 35, isIn: (spec) => Boolean(valueAt(spec, ['hostnameOverride'])) },
  { what: 'a stop signal that wants another spec.os.name', since: undefined, isIn: hasUnfitSignal },
  { what: 'a projected clusterTrustBundle', since: undefined, isIn: projects('clusterTrustBundle') },
  { what: 'a projected podCertificate', since: undefined, isIn: projects('podCertificate') },
]

/** Whether a pod has any of them. */
export function hasYoungFields(spec: PodSpec): boolean {
  return YOUNG.some(({ isIn }) => isIn(spec))
}

/** Those for which the kubelet of a node is too old, or that somebody has to turn on. */
export function youngFields(spec: PodSpec, node: Node): { readonly message: string; readonly isCertain: false }[] {
  const minor = kubeletMinor(node)
  return YOUNG.filter(
    ({ since, isIn }) => isIn(spec) && (since === undefined || (minor !== undefined && minor < since)),
  ).map(({ what, since }) => ({
    message:
      since === undefined ? `${what} is off by default` : `${what} is off by default before Kubernetes 1.${since}`,
    isCertain: false,
  }))
}

function hasOwnPolicy({ restartPolicy, restartPolicyRules }: Newer): boolean {
  return Boolean(restartPolicy) || (Array.isArray(restartPolicyRules) && restartPolicyRules.length > 0)
}

/** With the feature on, the API server refuses a signal without the system that it is of; Windows has two. */
function hasUnfitSignal({ containers, initContainers, ...spec }: PodSpec): boolean {
  const os = valueAt(spec, ['os', 'name'])
  return [...objectsOf(containers), ...objectsOf(initContainers)].some((one) => {
    const signal = valueAt(one, ['lifecycle', 'stopSignal'])
    if (!signal) return false
    return os === 'windows' ? signal !== 'SIGTERM' && signal !== 'SIGKILL' : os !== 'linux'
  })
}

/** What is optional holds nothing back. */
function projects(source: string): YoungField['isIn'] {
  return ({ volumes }) =>
    objectsOf(volumes).some(({ projected }) =>
      objectsOf(projected?.sources).some((one) => {
        const found = valueAt(one, [source])
        return isObject(found) && found.optional !== true
      }),
    )
}
