import type { Finding } from '../../finding.ts'
import { printable } from './printable.ts'

const ORDER: Finding['severity'][] = ['error', 'warning', 'info']

/** Findings as lines for people, errors first; a hint stands once, under the first finding that it follows from. */
export function renderFindings(findings: readonly Finding[]): string {
  const hinted = new Set<string>()
  const sorted = findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
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
