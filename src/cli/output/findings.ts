import type { Finding } from '../../finding.ts'
import { FINDING_CODES } from '../../finding-codes.ts'
import { printable } from './terminal/printable.ts'

const ORDER: Finding['severity'][] = ['error', 'warning', 'info']

/**
 * Findings as lines for people, errors first; a hint stands once, under the first finding that it follows from. What is
 * merely left out is said once, with all that was left out.
 */
export function renderFindings(findings: readonly Finding[]): string {
  const hinted = new Set<string>()
  const said = findings.filter(({ code, severity }) => severity !== 'info' || FINDING_CODES[code].kind !== 'omission')
  const counts = new Map<string, number>()
  const isShown = ({ code, severity }: Finding) => {
    const count = (counts.get(code) ?? 0) + 1
    counts.set(code, count)
    return severity !== 'info' || count <= SHOWN_INFOS
  }
  const shown = said.filter(isShown).toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
  const hidden = said.length - shown.length
  const lines = shown.flatMap(({ severity, message, hint, file, line }) => {
    const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
    const repeats = message.startsWith(`${file}: `)
    const lines = [`${severity}: ${repeats ? '' : place}${message}`]
    if (hint && !hinted.has(hint)) lines.push(`  try: ${hint}`)
    if (hint) hinted.add(hint)
    return lines.map(printable)
  })
  return [...lines, ...(hidden > 0 ? [`info: and ${hidden} more such lines, which --json has`] : [])].join('\n')
}

/** So many of one kind that are only good to know are shown. */
const SHOWN_INFOS = 5

/** Whether a finding is only good to know. */
export function isNote({ code }: Finding): boolean {
  return FINDING_CODES[code].kind === 'note'
}
