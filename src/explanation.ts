import type { Kind, Severity } from './codes/code.ts'
import { ERROR_CODES } from './codes/error-codes.ts'
import { AUDIT_TABLE_WORDS } from './codes/words/audit-table-words.ts'
import { KUBERNETES_SENTENCES } from './codes/words/kubernetes-sentences.ts'
import { KUBERNETES_WORDS } from './codes/words/kubernetes-words.ts'
import { VERDICT_WORDS } from './codes/words/verdict-words.ts'
import { FINDING_CODES } from './finding-codes.ts'

/** What there is to say about a word that stands in the output of this program or of Kubernetes. */
export interface Explanation {
  readonly code: string
  readonly saidBy: 'finding' | 'error' | 'table' | 'audit' | 'kubernetes'
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
    ...Object.entries(AUDIT_TABLE_WORDS).map(([code, word]): Explanation => ({ code, saidBy: 'table', ...word })),
    ...Object.entries(VERDICT_WORDS).map(([code, word]): Explanation => ({ code, saidBy: 'audit', ...word })),
    ...Object.entries(KUBERNETES_WORDS).map(([code, word]): Explanation => ({ code, saidBy: 'kubernetes', ...word })),
  ]
}

/**
 * The explanations of a word in any case; `-` and spaces stand for `_`, and `Init:` before it for nothing; `atRisk` is
 * `at risk`, as JSON has it. Of a whole line of `kubectl` those of every word in it that is explained, and of the sentences
 * that come with one; of a row of an audit's table that of the word that it begins with.
 */
export function explanationsOf(text: string): Explanation[] {
  const all = allExplanations()
  const wanted = key(text.trim().replace(/^Init:/i, ''))
  const exact = all.filter(({ code }) => key(code) === wanted)
  if (exact.length > 0) return exact
  const row = all.filter(({ code, saidBy }) => saidBy === 'table' && beginsRow(text, code))
  if (row.length > 0) return row
  const said = new Set<string>(KUBERNETES_SENTENCES.flatMap(([sentence, word]) => (sentence.test(text) ? [word] : [])))
  const inText = new Set(text.split(/\W+/))
  const inAnyCase = new Set([...inText].map(key))
  return all.filter(
    ({ code, saidBy }) =>
      said.has(code) || (stands(saidBy, code) ? inAnyCase.has(key(code)) : isCompound(code) && inText.has(code)),
  )
}

/** `at risk  1 of 3`, or the same word as it stands in JSON. */
function beginsRow(text: string, code: string): boolean {
  const [first = ''] = text.trim().split(/ {2,}|\s(?=\d)/)
  return key(first.replace(/(?<=[a-z])(?=[A-Z])/g, '_')) === key(code)
}

/** Whether a word cannot be meant otherwise in a line, however it is written. */
function stands(saidBy: Explanation['saidBy'], code: string): boolean {
  return saidBy === 'kubernetes' || code.includes('_')
}

/** `NodeAffinity`, and not `Platform`, which is a word of everybody's. */
function isCompound(code: string): boolean {
  return /[a-z][A-Z]/.test(code)
}

function key(word: string): string {
  return word.trim().replace(/[\s-]/g, '_').toLowerCase()
}
