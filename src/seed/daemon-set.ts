import type { DaemonSet } from 'kubernetes-types/apps/v1.js'
import type {
  Container,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  SecurityContext,
  Toleration,
  Volume,
  VolumeMount,
} from 'kubernetes-types/core/v1.js'
import type { Lock } from '../inventory.ts'
import { nameOfNode } from '../kubernetes/node.ts'
import { seedSetDigest } from '../seed-set.ts'
import type { NodeGroup } from './node-group.ts'
import type { HostPath } from './runtime.ts'
import type { SeedableNode } from './seedable-node.ts'

/** What the seeding pods of all groups have in common. */
export interface Seeding {
  readonly namespace: string
  /** Name of the seed sets. */
  readonly set: string
  /** All that the bundle holds. */
  readonly bundle: Lock
  /** Digest of the node script: a changed script makes new pods. */
  readonly scriptDigest: string
  /** Pull from this registry, which serves the bundle, instead of reading a file. */
  readonly registry?: string | undefined
  /** The authorities (PEM) that the registry's certificate is checked with. */
  readonly registryCa?: string | undefined
  /** Name of a Secret of docker's configuration, with the credentials for the registry. */
  readonly pullSecret?: string | undefined
  /** Absolute path of the bundle on every node. */
  readonly bundlePath: string
  /** Whether nodes drop what earlier sets of the same name brought. */
  readonly prune?: boolean
  /** How many nodes, or what share of them, seed at the same time after a change. Default: 25%. */
  readonly maxUnavailable?: string | undefined
  /** Seconds between two looks at what the runtime holds. */
  readonly interval: number
}

export const SCRIPT_CONFIG_MAP = 'seed-script'
export const CA_CONFIG_MAP = 'registry-ca'
export const SET_LABEL = 'nodeseed.dev/set'
const NAME_LABEL = { 'app.kubernetes.io/name': 'nodeseed' }

const SCRIPT_DIRECTORY = '/nodeseed/script'
const NAMES_DIRECTORY = '/nodeseed/names'
const BUNDLE_DIRECTORY = '/nodeseed/bundle'
const CA_DIRECTORY = '/nodeseed/ca'
const CREDENTIALS_DIRECTORY = '/nodeseed/credentials'
/** Where Node Feature Discovery's worker looks for features that others found. */
const FEATURES_DIRECTORY = '/etc/kubernetes/node-feature-discovery/features.d'
const READY_FILE = '/tmp/ready'

/** A runtime's client needs its socket, and nothing else of what root may do. */
const CONFINED: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

/** A group of nodes, and what these nodes are to hold together. */
export interface SeededGroup extends NodeGroup {
  readonly lock: Lock
  /** `key=value` that these nodes publish through Node Feature Discovery once they are seeded. */
  readonly features?: readonly string[]
}

/** Whether the nodes need a list of their own: they get a part of the bundle, or have no bundle at all. */
export function needsOwnNames(group: SeededGroup, { bundle, registry }: Seeding): boolean {
  return registry !== undefined || group.lock.images.length < bundle.images.length
}

export function namesConfigMap(group: SeededGroup): string {
  return `names-${group.name}`
}

/**
 * The DaemonSet that seeds a group of nodes. It brings no image of its own: its containers run the sandbox image, which
 * every node has, with the host's programs mounted read-only, so that the host's own sh, tar and ctr do the work.
 *
 * It uses the host's network, because the images of the cluster's network may be among those that are still missing.
 */
export function seedingDaemonSet(group: SeededGroup, seeding: Seeding): DaemonSet {
  const selector = { ...NAME_LABEL, 'nodeseed.dev/group': group.name }
  const tolerations = tolerationsFor(group.nodes)
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: `seed-${group.name}`, namespace: seeding.namespace, labels: selector },
    spec: {
      selector: { matchLabels: selector },
      updateStrategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: intOrString(seeding.maxUnavailable ?? '25%') },
      },
      template: {
        metadata: {
          labels: { ...selector, [SET_LABEL]: seedSetDigest(group.lock) },
          annotations: { 'nodeseed.dev/script': seeding.scriptDigest },
        },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          hostNetwork: true,
          ...(group.runtime.privileged && { hostPID: true }),
          priorityClassName: 'system-node-critical',
          terminationGracePeriodSeconds: 10,
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: termsFor(group.nodes) },
            },
          },
          ...(tolerations.length > 0 && { tolerations }),
          initContainers: [container('seed', group, seeding, seeding.prune ? ['--prune'] : [])],
          containers: [
            {
              ...container('keep', group, seeding, ['--watch', String(seeding.interval), '--ready', READY_FILE]),
              readinessProbe: {
                exec: { command: ['/bin/sh', '-c', `[ -e ${READY_FILE} ]`] },
                periodSeconds: 5,
              },
            },
          ],
          volumes: volumes(group, seeding),
        },
      },
    },
  }
}

/** The API takes a share as text, and a count only as a number. */
function intOrString(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text
}

function container(name: string, group: SeededGroup, seeding: Seeding, options: string[]): Container {
  const { features = [] } = group
  const fileName = seeding.bundlePath.slice(seeding.bundlePath.lastIndexOf('/') + 1)
  return {
    name,
    image: group.sandboxImage,
    imagePullPolicy: 'IfNotPresent',
    command: ['/bin/sh', `${SCRIPT_DIRECTORY}/seed.sh`],
    args: [
      ...['--method', group.runtime.name],
      ...['--set', seedSetDigest(group.lock), '--set-name', seeding.set],
      ...(needsOwnNames(group, seeding) ? ['--names', `${NAMES_DIRECTORY}/names.txt`] : []),
      ...['--report', '/dev/termination-log'],
      ...features.flatMap((feature) => ['--feature', feature]),
      ...options,
      ...(seeding.registryCa ? ['--ca', `${CA_DIRECTORY}/ca.crt`] : []),
      ...(seeding.pullSecret ? ['--auth-file', `${CREDENTIALS_DIRECTORY}/config.json`] : []),
      ...(seeding.registry ? ['--from-registry', seeding.registry] : ['--', `${BUNDLE_DIRECTORY}/${fileName}`]),
    ],
    env: [
      { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'PATH', value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin' },
      { name: 'TMPDIR', value: '/tmp' },
      // Where docker and podman look for what a user has set; here, nothing.
      { name: 'HOME', value: '/tmp' },
    ],
    // The sandbox image's own user is 65535; the runtime's socket belongs to root.
    securityContext: {
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      readOnlyRootFilesystem: true,
      ...(group.runtime.privileged ? { privileged: true } : CONFINED),
      // Where SELinux rules, an ordinary container may not speak to the runtime; elsewhere this says nothing.
      seLinuxOptions: { type: 'spc_t' },
    },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '512Mi' } },
    volumeMounts: mounts(group, seeding),
  }
}

/** Host directories at their own paths. On a host with merged /usr, /bin and /lib are links, which the runtime follows. */
function hostPaths({ runtime, needsLib64 }: NodeGroup, { registryCa }: Seeding): HostPath[] {
  const system = ['/usr', '/bin', '/sbin', '/lib', ...(needsLib64 ? ['/lib64'] : [])]
  const paths = [...system.map((path) => ({ path, type: 'Directory' as const })), ...runtime.hostPaths]
  // dockerd pulls by itself, and looks for the authorities of a registry there.
  const certificates = { path: '/etc/docker', type: 'DirectoryOrCreate' as const, writable: true }
  return runtime.name === 'docker' && registryCa ? [...paths, certificates] : paths
}

function mounts(group: SeededGroup, seeding: Seeding): VolumeMount[] {
  return [
    ...hostPaths(group, seeding).map(({ path, writable, followsMounts }) => ({
      name: volumeName(path),
      mountPath: path,
      ...(!writable && { readOnly: true }),
      ...(followsMounts && { mountPropagation: 'HostToContainer' }),
    })),
    { name: 'script', mountPath: SCRIPT_DIRECTORY, readOnly: true },
    ...(needsOwnNames(group, seeding) ? [{ name: 'names', mountPath: NAMES_DIRECTORY, readOnly: true }] : []),
    ...(seeding.registry ? [] : [{ name: 'bundle', mountPath: BUNDLE_DIRECTORY, readOnly: true }]),
    ...(seeding.registryCa ? [{ name: 'ca', mountPath: CA_DIRECTORY, readOnly: true }] : []),
    ...(seeding.pullSecret ? [{ name: 'credentials', mountPath: CREDENTIALS_DIRECTORY, readOnly: true }] : []),
    { name: 'tmp', mountPath: '/tmp' },
    ...(group.features?.length ? [{ name: 'features', mountPath: FEATURES_DIRECTORY }] : []),
  ]
}

function volumes(group: SeededGroup, seeding: Seeding): Volume[] {
  const directory = seeding.bundlePath.slice(0, seeding.bundlePath.lastIndexOf('/')) || '/'
  return [
    ...hostPaths(group, seeding).map(({ path, type }) => ({ name: volumeName(path), hostPath: { path, type } })),
    { name: 'script', configMap: { name: SCRIPT_CONFIG_MAP } },
    ...(needsOwnNames(group, seeding) ? [{ name: 'names', configMap: { name: namesConfigMap(group) } }] : []),
    // Made when it is not there: a pod that runs and says that the bundle is missing helps more than one that waits.
    ...(seeding.registry ? [] : [{ name: 'bundle', hostPath: { path: directory, type: 'DirectoryOrCreate' } }]),
    ...(seeding.registryCa ? [{ name: 'ca', configMap: { name: CA_CONFIG_MAP } }] : []),
    ...(seeding.pullSecret ? [{ name: 'credentials', secret: credentials(seeding.pullSecret) }] : []),
    { name: 'tmp', emptyDir: {} },
    ...(group.features?.length
      ? [{ name: 'features', hostPath: { path: FEATURES_DIRECTORY, type: 'DirectoryOrCreate' } }]
      : []),
  ]
}

/** For root only, under the name that docker looks for. */
function credentials(secretName: string): NonNullable<Volume['secret']> {
  return { secretName, defaultMode: 0o400, items: [{ key: '.dockerconfigjson', path: 'config.json' }] }
}

function volumeName(path: string): string {
  return `host${path.replaceAll(/[/.]/g, '-')}`
}

/** The nodes by their hostname label, which selects many at once; one without it by its name. */
function termsFor(seedable: readonly SeedableNode[]): NodeSelectorTerm[] {
  const nodes = seedable.map(({ node }) => node)
  const hostnames = nodes.flatMap(({ metadata }) => metadata?.labels?.['kubernetes.io/hostname'] ?? []).sort()
  const nameless = nodes.filter(({ metadata }) => !metadata?.labels?.['kubernetes.io/hostname'])
  const byHostname: NodeSelectorRequirement = { key: 'kubernetes.io/hostname', operator: 'In', values: hostnames }
  return [
    ...(hostnames.length > 0 ? [{ matchExpressions: [byHostname] }] : []),
    ...nameless.map((node) => ({
      matchFields: [{ key: 'metadata.name', operator: 'In', values: [nameOfNode(node)] }],
    })),
  ]
}

/** One toleration for each taint key and effect that a node of the group has; values may change. */
function tolerationsFor(nodes: readonly SeedableNode[]): Toleration[] {
  const taints = nodes
    .flatMap(({ node }) => node.spec?.taints ?? [])
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
  const byKey = new Map(taints.map(({ key, effect }) => [`${key}:${effect}`, { key, operator: 'Exists', effect }]))
  return [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? [])
}
