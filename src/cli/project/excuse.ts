import { ExpectedError } from '../../errors.ts'
import { FINDING_CODES, type FindingCode } from '../../finding-codes.ts'
import { closest } from '../output/closest.ts'
import type { Excuse } from '../output/omissions.ts'
import { globMatcher } from '../texts/glob.ts'

const OMISSIONS = (Object.keys(FINDING_CODES) as FindingCode[]).filter(
  (code) => FINDING_CODES[code].kind === 'omission',
)

/** Reads `CODE` or `CODE=GLOB`. @throws {ExpectedError} USAGE for a code of nothing that is left out. */
export function excuseOf(text: string, by: string): Excuse {
  const [, word = '', glob] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? []
  const code = OMISSIONS.find((known) => known === word)
  if (code !== undefined && glob !== '')
    return { code, covers: glob === undefined ? () => true : globMatcher(glob), by, glob }
  if (code !== undefined) {
    throw new ExpectedError('USAGE', `${text}: no pattern behind the =`, {
      hint: `Write ${code}, or ${code}=quay.io/team/*`,
    })
  }
  const meant = closest(word, OMISSIONS)
  const what = Object.hasOwn(FINDING_CODES, word)
    ? 'is said of nothing that is left out'
    : 'is no code of what can be left out'
  throw new ExpectedError('USAGE', `${JSON.stringify(word)} ${what}`, {
    hint: `${meant ? `Did you mean ${meant}? ` : ''}There are: ${OMISSIONS.join(', ')}.`,
  })
}
