import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import { type Omission, omissionsOf } from './omissions.ts'

/** Images that a policy refuses end a command before it has written anything. */
export class UnsignedError extends ExpectedError {
  /** The images with their reasons, as `--json` prints what is left out. */
  readonly omissions: readonly Omission[]

  constructor(refused: readonly Finding[], what: string) {
    const hints = [...new Set(refused.map(({ hint }) => hint))].map((hint) => `  try: ${hint}`)
    const lines = refused.map(({ message, code }) => `  ${message} [${code}]`)
    super('SIGNATURES_REFUSED', [`${what} refused by the policy`, ...lines, ...hints].join('\n'))
    this.omissions = omissionsOf(refused)
  }
}
