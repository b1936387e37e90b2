/** How bad a thing is. The same words in text and JSON; in SARIF info is a note. */
export type Severity = 'error' | 'warning' | 'info'

/**
 * What a code stands for: an `error` stops something now, a `hazard` will or may offline, an `omission` was left out or
 * could not be judged, a `note` is good to know.
 */
export type Kind = 'error' | 'hazard' | 'omission' | 'note'

/** What there is to say about a code wherever it appears, beside the message of the one case. */
interface Row {
  readonly severity: Severity
  /** What else a finding may say, where it depends on the case. */
  readonly orElse?: readonly Severity[]
  /** One line, no full stop. */
  readonly title: string
  /** What it means, and why it matters where there is no internet. */
  readonly help: string
  /** What to do; the hint of a message that has none of its own. */
  readonly action: string
}

/** What an omission leaves out can be counted: `1 document`, `2 documents`. */
interface OmissionRow extends Row {
  readonly kind: 'omission'
  readonly one: string
  readonly many: string
  /** Who allowed it, where it is only ever left out because somebody said so. */
  readonly excusedBy?: string
}

/** A row of a table of codes. */
export type Code = (Row & { readonly kind: Exclude<Kind, 'omission'> }) | OmissionRow
