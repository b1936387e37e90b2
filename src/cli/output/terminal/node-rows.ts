import { countOf, listNames } from '../../../plural.ts'

/** So many nodes are said one by one. */
const MOST_ROWS = 40

/**
 * Rows that begin with the name of a node. Of many nodes those with equal rows are one row, with their number and the first
 * of their names; all of them where all is wanted.
 */
export function nodeRows(rows: readonly (readonly string[])[], { all }: { all: boolean }): string[][] {
  if (all || rows.length <= MOST_ROWS) return rows.map((row) => [...row])
  const groups = Map.groupBy(rows, ([, ...rest]) => JSON.stringify(rest))
  return Array.from(groups.values(), (group) => {
    const [, ...rest] = group[0] ?? []
    const names = group.map(([name = '']) => name)
    return [names.length === 1 ? names.join() : `${countOf(names.length, 'node')}: ${listNames(names)}`, ...rest]
  })
}
