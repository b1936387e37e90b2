import type { Volume, VolumeMount } from 'kubernetes-types/core/v1.js'
import { isArtifact } from '../../bundle/format/lock.ts'
import type { HostPath } from '../methods/contract/seeding-runtime.ts'
import { groupPrefix, type NodeGroup } from '../nodes/node-group.ts'
import type { SeededGroup, Seeding } from './seeding.ts'

export const SCRIPT_CONFIG_MAP = 'seed-script'

/** Where the seeding containers find what they are given. */
export const SCRIPT_DIRECTORY = '/nodeseed/script'
export const NAMES_DIRECTORY = '/nodeseed/names'
export const BUNDLE_DIRECTORY = '/nodeseed/bundle'
export const CA_DIRECTORY = '/nodeseed/ca'
export const CREDENTIALS_DIRECTORY = '/nodeseed/credentials'
/** Where Node Feature Discovery's worker looks for features that others found. */
const FEATURES_DIRECTORY = '/etc/kubernetes/node-feature-discovery/features.d'

/** Whether the nodes need a list of their own: they get a part of the bundle, or have no bundle at all. */
export function needsOwnNames(group: SeededGroup, { bundle, registry }: Seeding): boolean {
  const seeded = bundle.images.filter((image) => !isArtifact(image))
  return registry !== undefined || group.lock.images.length < seeded.length
}

/** The ConfigMap with the authorities of the registry. */
export function caConfigMap({ set }: Seeding): string {
  return `${groupPrefix(set)}registry-ca`
}

/** The ConfigMap with that list. */
export function namesConfigMap(group: SeededGroup): string {
  return `names-${group.name}`
}

/** Host directories at their own paths. On a host with merged /usr, /bin and /lib are links, which the runtime follows. */
function hostPaths({ runtime, needsLib64 }: NodeGroup, { registryCa }: Seeding): HostPath[] {
  const system = ['/usr', '/bin', '/sbin', '/lib', ...(needsLib64 ? ['/lib64'] : [])]
  const directories = system.map((path) => ({ path, type: 'Directory' as const }))
  return [...directories, ...runtime.hostPaths, ...(registryCa ? (runtime.authorityPaths ?? []) : [])]
}

/** What the seeding containers of a group mount, and where: the names are those of `seedingVolumes`. */
export function seedingMounts(group: SeededGroup, seeding: Seeding): VolumeMount[] {
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

/** What the seeding pods of a group bring to their containers. */
export function seedingVolumes(group: SeededGroup, seeding: Seeding): Volume[] {
  const directory = seeding.bundlePath.slice(0, seeding.bundlePath.lastIndexOf('/')) || '/'
  return [
    ...hostPaths(group, seeding).map(({ path, type }) => ({ name: volumeName(path), hostPath: { path, type } })),
    { name: 'script', configMap: { name: SCRIPT_CONFIG_MAP } },
    ...(needsOwnNames(group, seeding) ? [{ name: 'names', configMap: { name: namesConfigMap(group) } }] : []),
    // Made when it is not there: a pod that runs and says that the bundle is missing helps more than one that waits.
    ...(seeding.registry ? [] : [{ name: 'bundle', hostPath: { path: directory, type: 'DirectoryOrCreate' } }]),
    ...(seeding.registryCa ? [{ name: 'ca', configMap: { name: caConfigMap(seeding) } }] : []),
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
