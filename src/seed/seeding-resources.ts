import type { ConfigMap, Namespace } from 'kubernetes-types/core/v1.js'
import { renderYaml } from '../kubernetes/render.ts'
import { SCRIPT_CONFIG_MAP, type Seeding, seedingDaemonSet } from './daemon-set.ts'
import type { NodeGroup } from './node-group.ts'
import type { OutputFile } from './output-file.ts'

/** The directory `seeding/`: what `kubectl apply -k` needs to seed every group of nodes. */
export function seedingResources(groups: readonly NodeGroup[], seeding: Seeding, script: string): OutputFile[] {
  const daemonSets = groups.map((group) => ({
    path: `daemonset-${group.name}.yaml`,
    content: renderYaml(
      `Seeds ${group.nodes.length} node${group.nodes.length === 1 ? '' : 's'} (${group.name}) with the bundle at ${seeding.bundlePath} of each node.\n` +
        "It runs the sandbox image that the nodes already have; the host's own programs do the work.",
      [seedingDaemonSet(group, seeding)],
    ),
  }))
  const files = [
    {
      path: 'namespace.yaml',
      content: renderYaml(
        'The namespace of the seeding pods. They mount host directories, which only the privileged level allows.',
        [namespace(seeding.namespace)],
      ),
    },
    {
      path: 'script.yaml',
      content: renderYaml('The node script, as the bundle carries it too.', [configMap(seeding.namespace, script)]),
    },
    ...daemonSets,
  ]
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: files.map(({ path }) => path),
  }
  const comment = 'Everything that seeds the nodes: kubectl apply -k on this directory.'
  return [{ path: 'kustomization.yaml', content: renderYaml(comment, [kustomization]) }, ...files].map((file) => ({
    ...file,
    path: `seeding/${file.path}`,
  }))
}

function namespace(name: string): Namespace {
  const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'privileged'])
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: Object.fromEntries(levels) } }
}

function configMap(namespace: string, script: string): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: SCRIPT_CONFIG_MAP, namespace },
    data: { 'seed.sh': script },
  }
}
