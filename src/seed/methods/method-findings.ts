import type { Finding } from '../../finding.ts'
import { listNames } from '../../plural.ts'
import type { SeededGroup } from '../seeding.ts'

/** What the runtimes of some groups cannot do with some images, said before it is noticed on a node. */
export function methodFindings(groups: readonly SeededGroup[]): Finding[] {
  const docker = groups.filter(({ runtime }) => runtime.name === 'docker')
  const nested = groups
    .filter(({ runtime }) => runtime.name === 'cri-o')
    .flatMap(({ lock }) => lock.images.filter(({ indexes = [] }) => indexes.length > 0))
  return [
    ...(docker.length > 0 ? [digestsLost(docker)] : []),
    ...[...new Set(nested)].map(({ reference }) => nestedIndex(reference)),
  ]
}

function digestsLost(groups: readonly SeededGroup[]): Finding {
  const nodes = groups.flatMap((group) => group.nodes.map(({ name }) => name))
  return {
    code: 'DIGESTS_LOST',
    severity: 'warning',
    message: `docker's classic image store keeps no registry digests: a pod that names one would pull on ${listNames(nodes)}`,
    hint: "Name images by tag there, or turn on docker's containerd image store (features, containerd-snapshotter).",
    file: undefined,
    line: undefined,
  }
}

function nestedIndex(reference: string): Finding {
  return {
    code: 'NESTED_INDEX',
    severity: 'warning',
    message: `${reference} is an index that lists indexes: CRI-O can neither pull nor hold such an image`,
    hint: 'Have it published as one index, or name the manifest of the platform by its digest.',
    file: undefined,
    line: undefined,
  }
}
