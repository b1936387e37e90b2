import { METHODS } from './methods.ts'

/** README's table of how images get onto which node, as Markdown: one row for each way. */
export function methodTable(): string {
  const shown = METHODS.flatMap(({ readme }) => readme ?? [])
  const byWay = Map.groupBy(shown, ({ how }) => how)
  const rows = [...byWay].map(([how, nodes]) => [nodes.map(({ node }) => node).join(', '), how] as const)
  const all = [['node', 'how the images get there'] as const, ...rows]
  const [width, wayWidth] = [0, 1].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length))) as [
    number,
    number,
  ]
  const line = ([node, how]: readonly [string, string]) => `| ${node.padEnd(width)} | ${how.padEnd(wayWidth)} |\n`
  const [head, ...body] = all.map(line)
  return `${head}| ${'-'.repeat(width)} | ${'-'.repeat(wayWidth)} |\n${body.join('')}`
}
