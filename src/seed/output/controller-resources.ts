import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Container, Service } from 'kubernetes-types/core/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import type { GeneratedFile } from '../files/generated-file.ts'
import { STARTUP_TAINT } from '../nodes/pool.ts'
import { type CarriedProgram, PROGRAM, programContainer, programVolumes, unpackContainer } from './carried-program.ts'

/** The controller in the cluster. */
export interface InClusterController extends CarriedProgram {
  /** Of the seeding pods, and of the controller. */
  readonly namespace: string
  readonly replicas: number
}

/** What a node has to say of itself before a replica that reads the bundle from its disk may land there. */
export const CONTROLLER_LABEL = 'nodeseed.dev/controller'
/** The lock that one of the replicas holds. */
export const CONTROLLER_LEASE = 'nodeseed-controller'

const NAME = 'nodeseed-controller'
const LABELS = { 'app.kubernetes.io/name': NAME }
const PORT = 8081

/** What `kubectl apply -k` needs to run `nodeseed controller` in the cluster. */
export function controllerResources(controller: InClusterController): GeneratedFile[] {
  const { namespace, replicas } = controller
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['controller.yaml'],
  }
  const comment =
    `${replicas} replicas of nodeseed controller, of which one acts. It reads the seeding pods of ${namespace}, labels nodes that\n` +
    'hold their images and takes their startup taint away. It may do nothing else.'
  return [
    {
      path: 'kustomization.yaml',
      content: renderYaml('The controller: kubectl apply -k on this directory.', [kustomization]),
    },
    {
      path: 'controller.yaml',
      content: renderYaml(comment, [...access(namespace), deployment(controller), ...around(controller)]),
    },
  ]
}

function access(namespace: string): object[] {
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace }]
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' }
  const roleRef = (kind: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: NAME })
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] }
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace } },
    {
      ...{ ...rbac, kind: 'ClusterRole', metadata: { name: NAME } },
      rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch', 'patch'] }],
    },
    { ...rbac, kind: 'ClusterRoleBinding', metadata: { name: NAME }, roleRef: roleRef('ClusterRole'), subjects },
    {
      ...{ ...rbac, kind: 'Role', metadata: { name: NAME, namespace } },
      rules: [
        { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
        { ...leases, verbs: ['create'] },
        { ...leases, resourceNames: [CONTROLLER_LEASE], verbs: ['get', 'update'] },
      ],
    },
    { ...rbac, kind: 'RoleBinding', metadata: { name: NAME, namespace }, roleRef: roleRef('Role'), subjects },
  ]
}

function deployment(controller: InClusterController): Deployment {
  const { namespace, replicas, claim, architecture } = controller
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace, labels: LABELS },
    spec: {
      replicas,
      // Each has the host's port to itself, so that none can come before one is gone.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0 as never, maxUnavailable: 1 as never } },
      selector: { matchLabels: LABELS },
      template: {
        metadata: {
          labels: LABELS,
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(PORT) },
        },
        spec: {
          serviceAccountName: NAME,
          enableServiceLinks: false,
          // The cluster's own network may be among what is seeded.
          hostNetwork: true,
          priorityClassName: 'system-cluster-critical',
          nodeSelector: { 'kubernetes.io/arch': architecture, ...(!claim && { [CONTROLLER_LABEL]: 'here' }) },
          tolerations: [
            { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
            // Where every node joins with it, nobody else would take it away.
            { key: STARTUP_TAINT, operator: 'Exists' },
          ],
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: LABELS },
            },
          ],
          initContainers: [unpackContainer(controller)],
          containers: [container(controller)],
          volumes: programVolumes(controller),
        },
      },
    },
  }
}

/** What keeps one of the replicas through a drain, and where Prometheus finds all of them. */
function around({ namespace, replicas }: InClusterController): (PodDisruptionBudget | Service)[] {
  const metadata = { name: NAME, namespace, labels: LABELS }
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { maxUnavailable: 1 as never, selector: { matchLabels: LABELS } },
  }
  const metrics: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, name: `${NAME}-metrics` },
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: LABELS,
      ports: [{ name: 'metrics', port: PORT, targetPort: 'metrics' as never }],
    },
  }
  return [...(replicas > 1 ? [budget] : []), metrics]
}

function container(controller: InClusterController): Container {
  const { env = [], ...shared } = programContainer(controller)
  const probe = { httpGet: { path: '/healthz', port: PORT as never } }
  return {
    ...shared,
    name: 'controller',
    command: [PROGRAM],
    args: ['controller', '--namespace', controller.namespace, '--listen', `:${PORT}`],
    env: [...env, { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    ports: [{ name: 'metrics', containerPort: PORT }],
    readinessProbe: { ...probe, periodSeconds: 5 },
    livenessProbe: { ...probe, periodSeconds: 30 },
    resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '384Mi' } },
  }
}
