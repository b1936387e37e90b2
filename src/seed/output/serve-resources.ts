import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Container, Namespace, Service, Volume, VolumeMount } from 'kubernetes-types/core/v1.js'
import { type ToolArchitecture, toolFile } from '../../bundle/format/tool-files.ts'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import type { GeneratedFile } from '../files/generated-file.ts'

/** A registry in the cluster that answers from the bundle itself. */
export interface InClusterRegistry {
  readonly namespace: string
  /** The sandbox (pause) image, which every node has. */
  readonly sandboxImage: string
  /** Absolute path of the bundle: on the nodes, or inside the volume of a claim. */
  readonly bundlePath: string
  /** A PersistentVolumeClaim that holds the bundle; without one it lies on the nodes that are labelled so. */
  readonly claim: string | undefined
  readonly replicas: number
  /** The port under which every node reaches the registry. */
  readonly nodePort: number
  /** What the program inside the bundle was built for. */
  readonly architecture: ToolArchitecture
}

/** What a node has to say of itself before a replica that reads the bundle from its disk may land there. */
export const REGISTRY_LABEL = 'nodeseed.dev/registry'

const NAME = { 'app.kubernetes.io/name': 'nodeseed-registry' }
const PORT = 5000
const BUNDLE_DIRECTORY = '/nodeseed/bundle'
const PROGRAM_DIRECTORY = '/nodeseed/program'

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
          volumes: volumes(registry),
        },
      },
    },
  }
}

function unpackContainer(registry: InClusterRegistry): Container {
  const script = `tar -xOf "$1" ${toolFile(registry.architecture)} | gzip -d > ${PROGRAM_DIRECTORY}/nodeseed && chmod 755 ${PROGRAM_DIRECTORY}/nodeseed`
  return {
    ...common(registry),
    name: 'unpack',
    command: ['/bin/sh', '-c', script, 'unpack'],
    args: [bundleFile(registry)],
  }
}

function serveContainer(registry: InClusterRegistry): Container {
  const probe = { httpGet: { path: '/healthz', port: PORT as never } }
  return {
    ...common(registry),
    name: 'serve',
    command: [`${PROGRAM_DIRECTORY}/nodeseed`],
    args: ['serve', bundleFile(registry), '--listen', `:${PORT}`],
    ports: [{ name: 'registry', containerPort: PORT }],
    readinessProbe: { ...probe, periodSeconds: 5 },
    livenessProbe: { ...probe, periodSeconds: 30 },
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  }
}

function common(registry: InClusterRegistry): Omit<Container, 'name'> {
  return {
    image: registry.sandboxImage,
    imagePullPolicy: 'IfNotPresent',
    env: [{ name: 'PATH', value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }],
    securityContext: {
      runAsUser: 65534,
      runAsGroup: 65534,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: mounts(registry),
  }
}

/** 64-bit x86 keeps its loader in a directory of its own. */
function hostDirectories({ architecture }: InClusterRegistry): string[] {
  return ['/usr', '/bin', '/lib', ...(architecture === 'amd64' ? ['/lib64'] : [])]
}

function mounts(registry: InClusterRegistry): VolumeMount[] {
  return [
    ...hostDirectories(registry).map((path) => ({
      name: `host${path.replace('/', '-')}`,
      mountPath: path,
      readOnly: true,
    })),
    { name: 'bundle', mountPath: BUNDLE_DIRECTORY, readOnly: true },
    { name: 'program', mountPath: PROGRAM_DIRECTORY },
  ]
}

function volumes(registry: InClusterRegistry): Volume[] {
  const { claim, bundlePath } = registry
  const directory = bundlePath.slice(0, bundlePath.lastIndexOf('/')) || '/'
  return [
    ...hostDirectories(registry).map((path) => ({
      name: `host${path.replace('/', '-')}`,
      hostPath: { path, type: 'Directory' },
    })),
    claim
      ? { name: 'bundle', persistentVolumeClaim: { claimName: claim, readOnly: true } }
      : { name: 'bundle', hostPath: { path: directory, type: 'Directory' } },
    { name: 'program', emptyDir: {} },
  ]
}

function bundleFile({ claim, bundlePath }: InClusterRegistry): string {
  return claim
    ? `${BUNDLE_DIRECTORY}${bundlePath}`
    : `${BUNDLE_DIRECTORY}${bundlePath.slice(bundlePath.lastIndexOf('/'))}`
}
