import type { ConfigMap, Namespace } from 'kubernetes-types/core/v1.js'
import { renderNames } from '../../bundle/format/node-files.ts'
import { ExpectedError } from '../../errors.ts'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import { countOf } from '../../plural.ts'
import { applyCommand } from '../files/apply-command.ts'
import { type GeneratedFile, MAX_OBJECT_BYTES } from '../files/generated-file.ts'
import { seedingDaemonSet } from './daemon-set.ts'
import { caConfigMap, namesConfigMap, needsOwnNames, SCRIPT_CONFIG_MAP } from './pod-volumes.ts'
import type { SeededGroup, Seeding } from './seeding.ts'

/** The directory `seeding/`: what `kubectl apply -k` needs to seed every group of nodes. */
export function seedingResources(groups: readonly SeededGroup[], seeding: Seeding, script: string): GeneratedFile[] {
  const names = groups
    .filter((group) => needsOwnNames(group, seeding))
    .map((group) => ({
      path: `names-${group.name}.yaml`,
      content: renderYaml(`The names that nodes of group ${group.name} get: a part of the bundle.`, [
        configMap(seeding.namespace, namesConfigMap(group), { 'names.txt': namesOf(group) }),
      ]),
    }))
  const daemonSets = groups.map((group) => ({
    path: `daemonset-${group.name}.yaml`,
    content: renderYaml(
      `Seeds ${countOf(group.nodes.length, 'node')} (${group.name}) with ${seeding.registry ?? `the bundle at ${seeding.bundlePath} of each node`}.\n` +
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
      content: renderYaml('The node script, as the bundle carries it too.', [
        configMap(seeding.namespace, SCRIPT_CONFIG_MAP, { 'seed.sh': script }),
      ]),
    },
    ...(seeding.registryCa
      ? [
          {
            path: 'registry-ca.yaml',
            content: renderYaml(`What the certificate of ${seeding.registry} is checked with.`, [
              configMap(seeding.namespace, caConfigMap(seeding), { 'ca.crt': seeding.registryCa }),
            ]),
          },
        ]
      : []),
    ...names,
    ...daemonSets,
  ]
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: files.map(({ path }) => path),
  }
  const comment = `Everything that seeds the nodes: ${applyCommand(files)} on this directory.`
  return [{ path: 'kustomization.yaml', content: renderYaml(comment, [kustomization]) }, ...files].map((file) => ({
    ...file,
    path: `seeding/${file.path}`,
  }))
}

/** @throws {ExpectedError} UNSUPPORTED for more than a ConfigMap can hold. */
function namesOf(group: SeededGroup): string {
  const names = renderNames(group.lock)
  if (names.length <= MAX_OBJECT_BYTES) return names
  throw new ExpectedError('UNSUPPORTED', `the list of names for nodes of ${group.name} is too large for a ConfigMap`, {
    hint: 'Place everything everywhere (--place-on all) from a file, or split the bundle.',
  })
}

function namespace(name: string): Namespace {
  const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'privileged'])
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: Object.fromEntries(levels) } }
}

function configMap(namespace: string, name: string, data: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data }
}
