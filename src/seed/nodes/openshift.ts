import { isArtifact, type Lock } from '../../bundle/format/lock.ts'
import { type Finding, finding } from '../../finding.ts'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import { mirrorSets } from '../../kubernetes/openshift/mirror-sets.ts'
import { isOpenShift, machineConfigPool } from '../../kubernetes/openshift/openshift-node.ts'
import { isPinnable, MAX_PINNED_IMAGES, pinnedImageSets } from '../../kubernetes/openshift/pinned-image-set.ts'
import { findReference, repositoryName } from '../../oci/reference.ts'
import { listNames } from '../../plural.ts'
import type { GeneratedFile } from '../files/generated-file.ts'
import type { NodeRegistry } from '../methods/contract/method.ts'
import type { SeedableNode } from './seedable-node.ts'

export const PINNED_IMAGES_FILE = 'openshift/pinned-images.yaml'

/** Nodes, and what they are to hold. */
interface PinnedGroup {
  readonly nodes: readonly SeedableNode[]
  readonly lock: Lock
}

/**
 * What makes OpenShift itself bring images from a registry to its nodes: PinnedImageSets for each machine config pool, and
 * the mirrors that they are pulled through. Nothing where no node is OpenShift's, or no registry is there to pull from.
 */
export function pinnedOnOpenShift(
  groups: readonly PinnedGroup[],
  set: string,
  registry: (NodeRegistry & { readonly needsPassword: boolean }) | undefined,
): { files: GeneratedFile[]; findings: Finding[] } {
  const names = namesByPool(groups)
  if (registry === undefined || names.size === 0) return { files: [], findings: [] }
  const all = [...new Set([...names.values()].flatMap((held) => [...held]))]
  const refused = all.filter((name) => !isPinnable(name))
  const sets = [...names].flatMap(([pool, held]) => pinnedImageSets(set, pool, [...held].filter(isPinnable)))
  const domains = [...new Set(all.map((name) => name.slice(0, name.indexOf('/'))))]
  const mirror = { url: registry.url, needsCa: registry.ca !== undefined, needsPassword: registry.needsPassword }
  return {
    files: [
      { path: 'openshift/mirrors.yaml', content: mirrorSets(mirror, domains) },
      ...(sets.length > 0 ? [{ path: PINNED_IMAGES_FILE, content: renderYaml(COMMENT, sets) }] : []),
    ],
    findings: [...(sets.length > 0 ? [pinned([...names.keys()])] : []), ...refusals(refused)],
  }
}

const COMMENT = `Makes the machine config operator pull these images to every node of a pool, now and when one joins, and pin them.
Apply mirrors.yaml before. This takes the place of seeding/: both together pin what the last file of crio.conf.d says.
At most ${MAX_PINNED_IMAGES} images are in one set; sets that a later seeding does not write any more are in its obsolete.yaml.`

/** The names by digest of the images of each machine config pool. */
function namesByPool(groups: readonly PinnedGroup[]): ReadonlyMap<string, ReadonlySet<string>> {
  const pools = new Map<string, Set<string>>()
  for (const { nodes, lock } of groups) {
    const names = lock.images.filter((image) => !isArtifact(image)).flatMap(namesByDigest)
    for (const { node } of nodes) {
      if (!isOpenShift(node)) continue
      const pool = machineConfigPool(node)
      const known = pools.get(pool) ?? new Set()
      for (const name of names) known.add(name)
      pools.set(pool, known)
    }
  }
  return pools
}

function namesByDigest({ names, target }: Lock['images'][number]): string[] {
  return names.flatMap((name) => {
    const reference = findReference(name)
    return reference ? [`${repositoryName(reference)}@${target.digest}`] : []
  })
}

function pinned(pools: readonly string[]): Finding {
  const message = `openshift/ pins images for the machine config pools ${listNames(pools)}, by digest: a pod that names a tag and Never does not find them`
  return finding('OPENSHIFT_PINS_DIGESTS', message)
}

function refusals(names: readonly string[]): Finding[] {
  if (names.length === 0) return []
  const message = `not in a PinnedImageSet, which takes HOST/NAMESPACE/NAME with a host that has a dot: ${listNames(names)}`
  return [finding('OPENSHIFT_NAME_REFUSED', message)]
}
