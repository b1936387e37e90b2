import { expect, test } from 'vitest'
import { parseIgnores } from '../../src/cli/inputs/contents/ignore-file.ts'

test.for<[patterns: string, path: string, isIgnored: boolean]>([
  ['', 'a.yaml', false],
  ['# a.yaml', 'a.yaml', false],
  ['a.yaml', 'a.yaml', true],
  ['a.yaml', 'x/y/a.yaml', true],
  ['a.yaml', 'x/a.yaml.json', false],
  ['/a.yaml', 'x/a.yaml', false],
  ['x/a.yaml', 'x/a.yaml', true],
  ['x/a.yaml', 'y/x/a.yaml', false],
  ['tests/', 'tests/a.yaml', true],
  ['tests/', 'x/tests/y/a.yaml', true],
  ['tests/', 'tests', false],
  ['*.json', 'x/a.json', true],
  ['x/*.json', 'x/y/a.json', false],
  ['x/**/a.json', 'x/a.json', true],
  ['x/**/a.json', 'x/y/z/a.json', true],
  ['x/**', 'x/y/z/a.json', true],
  ['a?.yaml', 'ab.yaml', true],
  ['a?.yaml', 'a/.yaml', false],
  ['a+(b).yaml', 'a+(b).yaml', true],
  ['*.yaml\n!keep.yaml', 'keep.yaml', false],
  ['!keep.yaml\n*.yaml', 'keep.yaml', true],
  ['  a.yaml  \r\n', 'a.yaml', true],
  ['[a-c]*.yaml', 'b1.yaml', true],
  ['[!a-c]*.yaml', 'b1.yaml', false],
  ['[!a-c]*.yaml', 'x/d1.yaml', true],
  ['a[', 'a[', true],
  ['\\*.yaml', 'a.yaml', false],
  ['\\*.yaml', '*.yaml', true],
  ['**/x/**/y', 'a/x/b/c/y/z', true],
  ['**/x', 'x', true],
  ['**/x', 'yx', false],
  ['a/**b', 'a/x/yb', true],
])('%j on %s', ([patterns, path, isIgnored]) => {
  expect(parseIgnores(patterns)(path)).toBe(isIgnored)
})

test('patterns that a regular expression would try for ever are answered', () => {
  expect(parseIgnores('*a'.repeat(100))(`${'a'.repeat(250)}b`)).toBe(false)
  expect(parseIgnores(`${'**/a/'.repeat(50)}c`)(`${'a/'.repeat(1000)}b`)).toBe(false)
})
