import type { DaemonSet } from 'kubernetes-types/apps/v1.js'
import type { Container, SecurityContext, Toleration } from 'kubernetes-types/core/v1.js'
import { seedSetDigest } from '../../bundle/format/seed-set.ts'
import { termsFor, tolerationsFor } from '../nodes/node-terms.ts'
import { STARTUP_TAINT } from '../nodes/pool.ts'
import {
  BUNDLE_DIRECTORY,
  CA_DIRECTORY,
  CREDENTIALS_DIRECTORY,
  NAMES_DIRECTORY,
  needsOwnNames,
  SCRIPT_DIRECTORY,
  seedingMounts,
  seedingVolumes,
} from './pod-volumes.ts'
import type { SeededGroup, Seeding } from './seeding.ts'

/** On a seeding pod: the keys of the labels that its node has once the pod is ready, with commas. */
export const LABELS_ANNOTATION = 'nodeseed.dev/labels'
/** The compressed bytes of what a pod brings. */
export const BYTES_ANNOTATION = 'nodeseed.dev/bytes'
export const SET_LABEL = 'nodeseed.dev/set'
const NAME_LABEL = { 'app.kubernetes.io/name': 'nodeseed' }

const TOLERATE_STARTUP: Toleration = { key: STARTUP_TAINT, operator: 'Exists' }

const READY_FILE = '/tmp/ready'
/** A look that ends while the probe waits is not found by the next one only. */
const WAIT_FOR_READY = `for _ in 1 2 3 4; do [ ! -e ${READY_FILE} ] || exit 0; sleep 1; done; [ -e ${READY_FILE} ]`
/** A pod whose images do not come goes on looking: it is never started anew for that. */
const FOR_EVER = 2 ** 31 - 1

/** A runtime's client needs its socket, and nothing else of what root may do. */
const CONFINED: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

/**
 * The DaemonSet that seeds a group of nodes. It brings no image of its own: its containers run the sandbox image, which
 * every node has, with the host's programs mounted read-only, so that the host's own sh, tar and ctr do the work.
 *
 * It uses the host's network, because the images of the cluster's network may be among those that are still missing.
 */
export function seedingDaemonSet(group: SeededGroup, seeding: Seeding): DaemonSet {
  const selector = { ...NAME_LABEL, 'nodeseed.dev/group': group.name }
  const terms = group.pool ? [group.pool] : termsFor(group.nodes)
  const tolerations = [...tolerationsFor(group.nodes), ...(group.pool ? [TOLERATE_STARTUP] : [])]
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
          annotations: {
            'nodeseed.dev/script': seeding.scriptDigest,
            ...(group.labels && { [LABELS_ANNOTATION]: group.labels.join(',') }),
            ...(group.bytes !== undefined && { [BYTES_ANNOTATION]: String(group.bytes) }),
          },
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
              requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
            },
          },
          ...(tolerations.length > 0 && { tolerations }),
          initContainers: [container('seed', group, seeding, seeding.prune ? ['--prune'] : [])],
          containers: [
            {
              ...container('keep', group, seeding, ['--watch', String(seeding.interval), '--ready', READY_FILE]),
              // A probe every five seconds would first find a container that does not run yet. Once this one has succeeded,
              // the kubelet asks the other at once.
              startupProbe: {
                exec: { command: ['/bin/sh', '-c', WAIT_FOR_READY] },
                periodSeconds: 1,
                timeoutSeconds: 10,
                failureThreshold: FOR_EVER,
              },
              readinessProbe: {
                exec: { command: ['/bin/sh', '-c', `[ -e ${READY_FILE} ]`] },
                periodSeconds: 5,
                timeoutSeconds: 10,
              },
            },
          ],
          volumes: seedingVolumes(group, seeding),
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
      ...['--expect-set', seedSetDigest(group.lock), '--set-name', seeding.set],
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
      // Where SELinux rules, an ordinary container has no access to the runtime; elsewhere this says nothing.
      seLinuxOptions: { type: 'spc_t' },
    },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '512Mi' } },
    volumeMounts: seedingMounts(group, seeding),
  }
}
