import { printable } from './printable.ts'
import { shortDigests, shorten, textWidth, wrapText } from './text-width.ts'

interface TableOptions {
  /** Columns of the screen; undefined where nothing is to be shortened. */
  readonly width?: number | undefined
  /** Headings of columns that a screen too narrow for all goes without. */
  readonly spared?: readonly string[]
}

const GAP = 2
/** Below so many columns a cell tells nothing any more; names, which stand first, take more. */
const LEAST = 14
const LEAST_NAME = 28

/**
 * Rows as plain text: columns as wide as their widest cell, two spaces between them, the last one not padded. On a screen
 * digests are short and wide cells shortened in the middle; where columns would become too narrow, the spared ones go,
 * and at last each row stands by itself, a line a cell, whole.
 */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { width, spared = [] }: TableOptions = {},
): string {
  const whole = [headings, ...rows].map((cells) => cells.map(printable))
  if (width === undefined) return inColumns(whole, widthsOf(whole))
  const lines = whole.map((cells) => cells.map(shortDigests))
  for (const kept of [headings.map(() => true), headings.map((heading) => !spared.includes(heading))]) {
    const table = lines.map((cells) => cells.filter((_, column) => kept[column]))
    const widths = fit(widthsOf(table), width)
    if (widths) return inColumns(table, widths)
  }
  return standing(lines, width)
}

function widthsOf(lines: readonly (readonly string[])[]): number[] {
  return (lines[0] ?? []).map((_, column) =>
    lines.reduce((width, cells) => Math.max(width, textWidth(cells[column] ?? '')), 0),
  )
}

/** Widths that fit on a screen, the names of the first column cut last; undefined where one would become too narrow. */
function fit([first = 0, ...others]: readonly number[], screen: number): number[] | undefined {
  const available = screen - GAP * others.length
  for (let most = Math.max(first, ...others); most >= LEAST; most--) {
    const widths = others.map((width) => Math.min(width, most))
    const left = available - widths.reduce((sum, width) => sum + width, 0)
    if (left >= Math.min(first, Math.max(most, LEAST_NAME))) return [Math.min(first, left), ...widths]
  }
  return undefined
}

function inColumns(lines: readonly (readonly string[])[], widths: readonly number[]): string {
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => padded(shorten(cell, widths[column] ?? 0), widths[column] ?? 0))
        .join(' '.repeat(GAP))
        .trimEnd(),
    )
    .join('\n')
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(width - textWidth(cell), 0))
}

/** Each row by itself: the first cell, and below it the others with their headings. */
function standing([headings = [], ...rows]: readonly (readonly string[])[], width: number): string {
  const names = headings.map((heading) => heading.toLowerCase())
  const indent = Math.min(Math.max(...names.slice(1).map(textWidth), 0) + 4, Math.floor(width / 2))
  const lines = rows.flatMap(([first = '', ...cells]) => [
    ...wrapText(first, width),
    ...cells.flatMap((cell, index) =>
      cell === '' ? [] : hanging(`  ${names[index + 1]}`.slice(0, indent - 1).padEnd(indent), cell, width),
    ),
  ])
  return lines.join('\n')
}

function hanging(head: string, text: string, width: number): string[] {
  return Array.from(wrapText(text, Math.max(width - head.length, 8)), (line, index) =>
    index === 0 ? `${head}${line}` : `${' '.repeat(head.length)}${line}`,
  )
}
