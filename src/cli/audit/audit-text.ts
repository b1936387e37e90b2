import type { AuditLine } from '../../audit/report/table.ts'
import { printable } from '../output/terminal/printable.ts'
import { shortDigests, shorten, wrapText } from '../output/terminal/text-width.ts'

/** What is taken where there is no screen. */
const USUAL_WIDTH = 100
/** Below so many columns no cells stand side by side. */
const NARROW = 60
/** What stands before the name in a row, and before a text. */
const [ROW_HEAD, INDENT] = [31, 12]

/** An audit as lines that are as wide as the screen at most; without one, of 100 columns. Texts are whole in any case. */
export function* auditText(lines: Iterable<AuditLine>, width: number | undefined): Generator<string> {
  const columns = width ?? USUAL_WIDTH
  const shown = (text: string) => printable(width === undefined ? text : shortDigests(text))
  const [head, indent] = columns < NARROW ? [4, 4] : [ROW_HEAD, INDENT]
  for (const line of lines) {
    if ('text' in line) {
      const isBlank = line.text === ''
      for (const part of wrapText(shown(line.text), columns - indent))
        yield isBlank ? '' : `${' '.repeat(indent)}${part}`
      continue
    }
    const { verdict, starts, pods } = line
    const name = shown(line.name)
    const cells = `${verdict.padEnd(11)} ${starts.padEnd(12)} ${pods.padStart(4)}  `
    if (columns < NARROW) {
      yield shorten(cells.trimEnd(), columns)
      for (const part of wrapText(name, columns - head)) yield `${' '.repeat(head)}${part}`
      continue
    }
    const [first = '', ...rest] = wrapText(name, Math.max(columns - cells.length, 8))
    yield `${cells}${first}`.trimEnd()
    for (const part of rest) yield `${' '.repeat(head)}${part}`
  }
}
