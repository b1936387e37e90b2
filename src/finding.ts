import { FINDING_CODES, type FindingCode, type SeverityOf } from './finding-codes.ts'

/** One thing a scan or an audit has to say: what, how bad, where, and what to do about it. */
export type Finding = { [C in FindingCode]: FindingOf<C> }[FindingCode]

interface FindingOf<C extends FindingCode> {
  readonly code: C
  readonly severity: SeverityOf<C>
  readonly message: string
  readonly hint: string | undefined
  readonly file: string | undefined
  readonly line: number | undefined
  /** What an omission leaves out, where the place does not say it. */
  readonly subject?: string
}

/** What a finding says of its own; the rest is in the table of codes. */
export interface FindingDetails<C extends FindingCode> {
  readonly severity?: SeverityOf<C> | undefined
  readonly hint?: string | undefined
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly subject?: string | undefined
}

/** A finding of a code: severity and hint are those of the table where the case has none of its own. */
export function finding<C extends FindingCode>(
  code: C,
  message: string,
  { severity, hint, file, line, subject }: FindingDetails<C> = {},
): Finding {
  const { severity: usual, action } = FINDING_CODES[code]
  const made: FindingOf<C> = {
    ...{ code, severity: severity ?? usual, message, hint: hint ?? action, file, line },
    ...(subject !== undefined && { subject }),
  }
  return made as Finding
}
