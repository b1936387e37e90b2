import { expect, test } from 'vitest'
import { withPatchValue } from '../../src/cli/deltas/patch-flag.ts'

test.each<[words: string, taken: string]>([
  ['--patch -o june.tar', '--patch=on -o june.tar'],
  ['--patch', '--patch=on'],
  ['--patch on -o june.tar', '--patch on -o june.tar'],
  ['--patch off lock', '--patch off lock'],
  ['--patch=off lock', '--patch=off lock'],
  ['--no-patch lock', '--patch=off lock'],
  ['-- --patch --no-patch', '-- --patch --no-patch'],
  ['--patched', '--patched'],
])('%s is taken as %s', (words, taken) => {
  expect(withPatchValue(words.split(' ')).join(' ')).toBe(taken)
})
