import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Container, Namespace, Service } from 'kubernetes-types/core/v1.js'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import type { GeneratedFile } from '../files/generated-file.ts'
import {
  bundleFile,
  type CarriedProgram,
  PROGRAM,
  programContainer,
  programVolumes,
  unpackContainer,
} from './carried-program.ts'

/** A registry in the cluster that answers from the bundle itself. */
export interface InClusterRegistry extends CarriedProgram {
  readonly namespace: string
  readonly replicas: number
  /** The port under which every node reaches the registry. */
  readonly nodePort: number
}

/** What a node has to say of itself before a replica that reads the bundle from its disk may land there. */
export const REGISTRY_LABEL = 'nodeseed.dev/registry'

const NAME = { 'app.kubernetes.io/name': 'nodeseed-registry' }
const PORT = 5000

/** What `kubectl apply -k` needs to run `nodeseed serve` in the cluster, without any image but the sandbox image. */
export function serveResources(registry: InClusterRegistry): GeneratedFile[] {
  const { namespace, replicas, bundlePath } = registry
  const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'privileged'])
  const space: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: Object.fromEntries(levels) },
  }
  const resources = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['registry.yaml'],
  }
  return [
    {
      path: 'kustomization.yaml',
      content: renderYaml('A registry in the cluster: kubectl apply -k on this directory.', [resources]),
    },
    {
      path: 'registry.yaml',
      content: renderYaml(
        `${replicas} replicas of nodeseed serve over the bundle at ${bundlePath}, which must carry the program (bundle --with-tool).\n` +
          "They run the sandbox image that the nodes already have, with the host's libraries, sh, tar and gzip.",
        [space, deployment(registry), service(registry)],
      ),
    },
  ]
}

/** Every node reaches every replica under its own address, also before the cluster's DNS is there. */
function service({ namespace, nodePort }: InClusterRegistry): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'nodeseed-registry', namespace, labels: NAME },
    spec: {
      type: 'NodePort',
      selector: NAME,
      ports: [{ name: 'registry', port: PORT, targetPort: PORT as never, nodePort }],
    },
  }
}

export function deployment(registry: InClusterRegistry): Deployment {
  const { namespace, replicas, claim, architecture } = registry
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'nodeseed-registry', namespace, labels: NAME },
    spec: {
      replicas,
      selector: { matchLabels: NAME },
      template: {
        metadata: { labels: NAME },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          nodeSelector: { 'kubernetes.io/arch': architecture, ...(!claim && { [REGISTRY_LABEL]: 'here' }) },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: NAME },
            },
          ],
          initContainers: [unpackContainer(registry)],
          containers: [serveContainer(registry)],
          volumes: programVolumes(registry),
        },
      },
    },
  }
}

function serveContainer(registry: InClusterRegistry): Container {
  const probe = { httpGet: { path: '/healthz', port: PORT as never } }
  return {
    ...programContainer(registry),
    name: 'serve',
    command: [PROGRAM],
    args: ['serve', bundleFile(registry), '--listen', `:${PORT}`],
    ports: [{ name: 'registry', containerPort: PORT }],
    readinessProbe: { ...probe, periodSeconds: 5 },
    livenessProbe: { ...probe, periodSeconds: 30 },
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  }
}
