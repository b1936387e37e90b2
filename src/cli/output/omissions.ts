import type { Finding } from '../../finding.ts'
import { FINDING_CODES, type FindingCode } from '../../finding-codes.ts'
import { listNames } from '../../plural.ts'
import { printableLines } from './printable.ts'

/** What was left out or not judged for one cause, as `--json` prints it. */
export interface Omission {
  readonly code: FindingCode
  readonly severity: Finding['severity']
  /** What all of it is: `images pulled Always`. */
  readonly cause: string
  /** What to do. */
  readonly hint: string | undefined
  readonly count: number
  readonly entries: readonly {
    /** The image, the workload, the document; null where only the place names it. */
    readonly subject: string | null
    readonly message: string
    readonly file: string | null
    readonly line: number | null
  }[]
}

/** The omissions among findings, grouped by cause, in the order of the table of codes. */
export function omissionsOf(findings: readonly Finding[]): Omission[] {
  const groups = Map.groupBy(findings, ({ code }) => code)
  return (Object.keys(FINDING_CODES) as FindingCode[]).flatMap((code): Omission[] => {
    const row = FINDING_CODES[code]
    const [first, ...others] = groups.get(code) ?? []
    if (!first || row.kind !== 'omission') return []
    const group = [first, ...others]
    const { severity, hint } = first
    const entries = group.map(({ subject, message, file, line }) => ({
      ...{ subject: subject ?? null, message, file: file ?? null, line: line ?? null },
    }))
    return [{ code, severity, cause: group.length === 1 ? row.one : row.many, hint, count: group.length, entries }]
  })
}

/** One line for each cause, as the last words of a command: `left out: 2 images pulled Always: a, b`. */
export function renderOmissions(omissions: readonly Omission[]): string {
  return omissions
    .map(({ cause, count, hint, entries }) => {
      const names = entries.map(({ subject, file, line, message }) => subject ?? placeOf(file, line) ?? message)
      return `left out: ${count} ${cause}: ${listNames([...new Set(names)])}\n  try: ${hint}`
    })
    .map(printableLines)
    .join('\n')
}

function placeOf(file: string | null, line: number | null): string | undefined {
  if (file === null) return undefined
  return line === null ? file : `${file}:${line}`
}
