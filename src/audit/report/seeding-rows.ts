import { countOf, listNames } from '../../plural.ts'
import type { NodeSeeding, NodeSet } from '../facts/node-seeding.ts'

/** A set in one state on several nodes. */
export interface SeedingRow {
  readonly set: NodeSet
  readonly nodes: readonly string[]
  /** What is said below it. */
  readonly texts: readonly string[]
}

/** A row for each set and state, with its nodes; nodes without a set are none of them. */
export function seedingRows(seeding: readonly NodeSeeding[]): SeedingRow[] {
  const all = seeding.flatMap(({ node, sets }) => sets.map((set) => ({ node, set })))
  const groups = Map.groupBy(all, ({ set: { since: _, ...same } }) => JSON.stringify(same))
  return [...groups.values()].flatMap((group): SeedingRow[] => {
    const [first] = group
    if (!first) return []
    const nodes = group.map(({ node }) => node)
    const times = group.flatMap(({ set }) => set.since ?? []).sort()
    return [{ set: first.set, nodes, texts: textsOf(first.set, nodes, times) }]
  })
}

function textsOf(set: NodeSet, nodes: readonly string[], times: readonly string[]): string[] {
  const [first, last] = [times[0], times.at(-1)]
  const since = first === undefined ? '' : first === last ? `, since ${first}` : `, since ${first} to ${last}`
  const lists = [
    ['missing', set.missing],
    ['another image', set.drifted],
    ['not pinned', set.unpinned],
  ] as const
  return [
    `on ${countOf(nodes.length, 'node')}: ${listNames(nodes)}${since}`,
    ...lists.flatMap(([word, names]) => (names.length > 0 ? [`${word}: ${listNames(names)}`] : [])),
    ...(set.names === null ? ['neither --bundle nor --placement says what it holds'] : []),
  ]
}
