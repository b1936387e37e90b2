import type { Node } from 'kubernetes-types/core/v1.js'
import { SEEDED } from '../../bundle/format/seed-set.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { isRecordedPlacement, type RecordedPlacement } from '../../seed/recorded-placement.ts'
import { readPlacementFile } from '../files/placement-file.ts'
import type { PlacementGone, WayGone } from './next-step.ts'

interface WayFlags {
  readonly nodes?: string | undefined
  readonly bundle?: string | undefined
  readonly placement?: string | undefined
  readonly 'assume-seeded': boolean
}

/** How far a cluster is on its way, by the flags of an audit and the labels of its nodes. @throws what reading a placement throws */
export async function wayGone(inputs: readonly string[], flags: WayFlags, nodes: readonly Node[]): Promise<WayGone> {
  const { placement: directory, bundle } = flags
  const recorded = directory === undefined ? undefined : await readPlacementFile(directory, isRecordedPlacement)
  return {
    ...{ inputs, bundle, nodes: flags.nodes, isAssumed: flags['assume-seeded'] },
    placement:
      directory === undefined || recorded === undefined ? undefined : { directory, ...labelsOfSets(recorded, nodes) },
  }
}

/** The labels of a placement, and which of its nodes that are there lack one of theirs. */
function labelsOfSets(
  { sets, nodes: placed }: RecordedPlacement,
  nodes: readonly Node[],
): Omit<PlacementGone, 'directory'> {
  const labelOf = new Map(sets.map(({ digest, label }) => [digest, label]))
  const labelsOf = new Map(nodes.map((node) => [nameOfNode(node), node.metadata?.labels ?? {}]))
  const lacks = ({ node, sets: own }: RecordedPlacement['nodes'][number]) => {
    const held = labelsOf.get(node)
    return held !== undefined && own.some((digest) => held[labelOf.get(digest) ?? ''] !== SEEDED)
  }
  return { unlabelled: placed.filter(lacks).map(({ node }) => node), labels: [...labelOf.values()] }
}
