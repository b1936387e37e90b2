import type { Kind, Severity } from './codes/code.ts'
import { ERROR_CODES } from './codes/error-codes.ts'
import { KUBERNETES_WORDS } from './codes/kubernetes-words.ts'
import { VERDICT_WORDS } from './codes/verdict-words.ts'
import { FINDING_CODES } from './finding-codes.ts'

/** What there is to say about a word that stands in the output of this program or of Kubernetes. */
export interface Explanation {
  readonly code: string
  readonly saidBy: 'finding' | 'error' | 'audit' | 'kubernetes'
  readonly title: string
  readonly help: string
  readonly look?: string
  readonly action: string
  readonly kind?: Kind
  readonly severity?: Severity
  readonly exitCode?: number
}

/** Every word that is explained, in the order of the tables. A word that two of them have is there twice. */
export function allExplanations(): Explanation[] {
  return [
    ...Object.entries(FINDING_CODES).map(
      ([code, { title, help, action, kind, severity }]): Explanation => ({
        ...{ code, saidBy: 'finding', title, help, action, kind, severity },
      }),
    ),
    ...Object.entries(ERROR_CODES).map(
      ([code, { title, help, action, exitCode }]): Explanation => ({
        ...{ code, saidBy: 'error', title, help, action, exitCode },
      }),
    ),
    ...Object.entries(VERDICT_WORDS).map(([code, word]): Explanation => ({ code, saidBy: 'audit', ...word })),
    ...Object.entries(KUBERNETES_WORDS).map(([code, word]): Explanation => ({ code, saidBy: 'kubernetes', ...word })),
  ]
}

/** The explanations of a word in any case; `-` and spaces stand for `_`. */
export function explanationsOf(word: string): Explanation[] {
  const wanted = key(word)
  return allExplanations().filter(({ code }) => key(code) === wanted)
}

function key(word: string): string {
  return word.trim().replace(/[\s-]/g, '_').toLowerCase()
}
