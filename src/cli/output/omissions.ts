import { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import { FINDING_CODES, type FindingCode } from '../../finding-codes.ts'
import { listNames } from '../../plural.ts'
import { printableLines } from './terminal/printable.ts'

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
    /** Who allowed it: `--allow CODE`; null where nobody did. */
    readonly excusedBy: string | null
  }[]
}

/** What may be left out: a code, of all or of certain names, and who said so. */
export interface Excuse {
  readonly code: FindingCode
  readonly covers: (name: string) => boolean
  readonly by: string
  /** What names have to look like; undefined where all of the code is allowed. */
  readonly glob?: string | undefined
}

/** Whether what is left out ends the command, and what is excused from that. */
export interface Strictness {
  readonly isStrict: boolean
  readonly excuses: readonly Excuse[]
}

/** The omissions among findings, grouped by cause, in the order of the table of codes. */
export function omissionsOf(findings: readonly Finding[], excuses: readonly Excuse[] = []): Omission[] {
  const groups = Map.groupBy(findings, ({ code }) => code)
  return (Object.keys(FINDING_CODES) as FindingCode[]).flatMap((code): Omission[] => {
    const [first, ...others] = groups.get(code) ?? []
    const row = FINDING_CODES[code]
    if (!first || row.kind !== 'omission') return []
    const allowedBy = 'excusedBy' in row ? row.excusedBy : undefined
    const group = [first, ...others]
    const { severity, hint } = first
    const entries = group.map(({ subject, message, file, line }) => ({
      ...{ subject: subject ?? null, message, file: file ?? null, line: line ?? null },
      excusedBy:
        excuses.find((one) => one.code === code && one.covers(subject ?? file ?? message))?.by ?? allowedBy ?? null,
    }))
    return [{ code, severity, cause: causeOf(code, group.length), hint, count: group.length, entries }]
  })
}

/** Whether somebody allowed what a finding says is left out. */
export function isExcused({ code, subject, file, message }: Finding, excuses: readonly Excuse[]): boolean {
  return excuses.some((one) => one.code === code && one.covers(subject ?? file ?? message))
}

/** What is allowed in vain: a flag, or names in a project file, which speaks to other commands too. */
export function idleExcuses(findings: readonly Finding[], excuses: readonly Excuse[]): Finding[] {
  const groups = Map.groupBy(findings, ({ code }) => code)
  const isIdle = ({ code, covers }: Excuse) =>
    !groups.get(code)?.some(({ subject, file, message }) => covers(subject ?? file ?? message))
  return excuses
    .filter((one) => isIdle(one) && (one.by.startsWith('--') || one.glob !== undefined))
    .map(({ code, by, glob }) => {
      const what = by.startsWith('--') ? by : `${by}: ${code}${glob === undefined ? '' : `=${glob}`}`
      return finding('WITHOUT_EFFECT', `${what}: nothing is left out that it allows`, {
        severity: 'info',
        subject: code,
      })
    })
}

/** What of omissions nobody has allowed. */
export function notExcused(omissions: readonly Omission[]): Omission[] {
  return omissions.flatMap((omission) => part(omission, ({ excusedBy }) => excusedBy === null) ?? [])
}

/** One line for each cause, as the last words of a command: `left out: 2 images pulled Always: a, b`; five names, or all. */
export function renderOmissions(omissions: readonly Omission[], { all = false } = {}): string {
  const excused = omissions.flatMap((omission) => part(omission, ({ excusedBy }) => excusedBy !== null) ?? [])
  return [
    ...notExcused(omissions).map((omission) => `left out: ${textOf(omission, all)}\n  try: ${omission.hint}`),
    ...excused.map((omission) => `left out, as allowed: ${textOf(omission, all)}`),
  ]
    .map(printableLines)
    .join('\n')
}

/** What is left out ends a command that was to write something, before it did. */
export class LeftOutError extends ExpectedError {
  readonly omissions: readonly Omission[]

  constructor(omissions: readonly Omission[]) {
    const left = notExcused(omissions)
    // What cannot be read is an input that is wrong, with --strict as without.
    const isUnread = left.some(({ code, severity }) => severity === 'error' && /^(?:FILE|DOCUMENT|INPUT)_/.test(code))
    const allowed = left.map(({ code }) => `--allow ${code}`).join(' ')
    const hint = `Do what is said of each; or, where it may stay out, allow it: ${allowed}`
    super(isUnread ? 'INPUT_UNREADABLE' : 'LEFT_OUT', `--strict: nothing is written:\n${renderOmissions(left)}`, {
      hint,
    })
    this.omissions = omissions
  }
}

function part(omission: Omission, isWanted: (entry: Omission['entries'][number]) => boolean): Omission | undefined {
  const entries = omission.entries.filter(isWanted)
  if (entries.length === 0) return undefined
  return { ...omission, cause: causeOf(omission.code, entries.length), count: entries.length, entries }
}

function causeOf(code: FindingCode, count: number): string {
  const row = FINDING_CODES[code]
  if (row.kind !== 'omission') return row.title
  return count === 1 ? row.one : row.many
}

function textOf({ count, cause, entries }: Omission, all: boolean): string {
  const names = entries.map(({ subject, file, line, message }) => subject ?? placeOf(file, line) ?? message)
  const distinct = [...new Set(names)]
  return `${count} ${cause}: ${all ? distinct.toSorted().join(', ') : listNames(distinct)}`
}

function placeOf(file: string | null, line: number | null): string | undefined {
  if (file === null) return undefined
  return line === null ? file : `${file}:${line}`
}
