import type { Finding } from '../../finding.ts'
import { FINDING_CODES } from '../../finding-codes.ts'
import { printable } from './printable.ts'

const ORDER: Finding['severity'][] = ['error', 'warning', 'info']

/**
 * Findings as lines for people, errors first; a hint stands once, under the first finding that it follows from. What is
 * merely left out is said once, with all that was left out.
 */
export function renderFindings(findings: readonly Finding[]): string {
  const hinted = new Set<string>()
  const said = findings.filter(({ code, severity }) => severity !== 'info' || FINDING_CODES[code].kind !== 'omission')
  const sorted = said.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
  return sorted
    .flatMap(({ severity, message, hint, file, line }) => {
      const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
      const repeats = message.startsWith(`${file}: `)
      const lines = [`${severity}: ${repeats ? '' : place}${message}`]
      if (hint && !hinted.has(hint)) lines.push(`  try: ${hint}`)
      if (hint) hinted.add(hint)
      return lines.map(printable)
    })
    .join('\n')
}

/** Whether a finding is only good to know. */
export function isNote({ code }: Finding): boolean {
  return FINDING_CODES[code].kind === 'note'
}
