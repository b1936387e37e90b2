import { createHash } from 'node:crypto'

/** A list of names as a bundle carries it, of these rows; the digest of the set is that of the names in them. */
export function namesList(...rows: readonly string[]): string {
  const pairs = rows.flatMap((row) => {
    const [kind, , target, , , name] = row.split(' ')
    return kind === 'name' ? [`${name} ${target}\n`] : []
  })
  const digest = createHash('sha256')
    .update([...new Set(pairs)].sort().join(''))
    .digest('hex')
  return `nodeseed-names 1 ${digest.slice(0, 16)}\n${rows.map((row) => `${row}\n`).join('')}end\n`
}
