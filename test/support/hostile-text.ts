import { fc } from './property.ts'

/** What a shell would make something of, were it not quoted. `PWNED` is a file that must never come to be. */
const FRAGMENTS = [
  '$(touch PWNED)',
  '`touch PWNED`',
  '; touch PWNED;',
  '& touch PWNED &',
  '| touch PWNED',
  '> PWNED',
  '${IFS}touch${IFS}PWNED',
  "'",
  '"',
  '\\',
  ' ',
  '\t',
  '*',
  '?',
  '[a-z]',
  '~',
  '#',
  '!',
  '%s',
  '%n',
  '--',
  '-rf',
  '..',
  '/',
  '\u00e9',
  '\u0007',
  'a',
  '1',
  'sha256:',
  'docker.io/library/web',
  '@',
  ':',
]

/** Text made of such fragments; `lines` allows line breaks too. */
export function hostileText({ lines = true } = {}): fc.Arbitrary<string> {
  const fragments = lines ? [...FRAGMENTS, '\n', '\r\n', '\n$(touch PWNED)\n'] : FRAGMENTS
  return fc.array(fc.constantFrom(...fragments), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
}
