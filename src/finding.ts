/** One thing a scan or an audit has to say: what, how bad, where, and what to do about it. */
export interface Finding {
  readonly code: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
  readonly hint: string | undefined
  readonly file: string | undefined
  readonly line: number | undefined
}
