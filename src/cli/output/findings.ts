import type { Finding } from '../../finding.ts'
import { FINDING_CODES } from '../../finding-codes.ts'
import { printable } from './terminal/printable.ts'

const ORDER: Finding['severity'][] = ['error', 'warning', 'info']

/** So many findings of one code are shown, unless all are wanted. */
const SHOWN = 5

/**
 * Findings as lines for people, errors first, the first five of each code and how many more there are; a hint stands once,
 * under the first finding that it follows from. What is merely left out is said once, with all that was left out.
 */
export function renderFindings(findings: readonly Finding[], { all = false } = {}): string {
  const hinted = new Set<string>()
  const said = findings.filter(({ code, severity }) => severity !== 'info' || FINDING_CODES[code].kind !== 'omission')
  const counts = new Map<string, number>()
  const lines: string[] = []
  const totals = Map.groupBy(said, keyOf)
  for (const one of said.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))) {
    const { severity, message, hint, file, line } = one
    const count = (counts.get(keyOf(one)) ?? 0) + 1
    counts.set(keyOf(one), count)
    if (!all && count > SHOWN) continue
    const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
    lines.push(`${severity}: ${message.startsWith(`${file}: `) ? '' : place}${message}`)
    if (hint && !hinted.has(hint)) lines.push(`  try: ${hint}`)
    if (hint) hinted.add(hint)
    const more = (totals.get(keyOf(one))?.length ?? 0) - SHOWN
    if (!all && count === SHOWN && more > 0) lines.push(`${severity}: and ${more} more ${one.code}, which --all shows`)
  }
  return lines.map(printable).join('\n')
}

function keyOf({ severity, code }: Finding): string {
  return `${severity} ${code}`
}

/** Whether a finding is only good to know. */
export function isNote({ code }: Finding): boolean {
  return FINDING_CODES[code].kind === 'note'
}
