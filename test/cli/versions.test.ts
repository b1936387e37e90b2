import { expect, test } from 'vitest'
import { newestWithin, tagFilter } from '../../src/cli/charts/versions.ts'

test.for<[range: string, tags: string, newest: string | undefined]>([
  ['', '1.0.0 2.0.0 latest', '2.0.0'],
  ['*', '1.0.0 2.0.0-rc.1', '1.0.0'],
  ['>=1.0.0, <2.0.0', '1.0.0 1.4.2 2.0.0', '1.4.2'],
  ['>=1.0.0 <2.0.0', '1.0.0 1.10.0 1.9.0', '1.10.0'],
  ['1.x', '1.0.0 1.4.2 2.0.0', '1.4.2'],
  ['^1.2 || ~3.1', '1.9.0 3.1.7 3.2.0', '3.1.7'],
  ['>=1.0.0-0', '1.0.0 2.0.0-rc.1', '2.0.0-rc.1'],
  ['~1.2, !=1.2.5', '1.2.4 1.2.5', '1.2.4'],
  ['1.2.3', '1.2.3_build', '1.2.3_build'],
  ['*', '1.0.0 v2.0.0', '1.0.0'],
  ['*', 'v1.0.0 v2.0.0 sha256-abc.sig', 'v2.0.0'],
  ['>=1', 'v1.2 v1.3', 'v1.3'],
  ['>=9', '1.0.0', undefined],
  ['not a range', '1.0.0', undefined],
])('the newest within "%s" of %s is %s', ([range, tags, newest]) => {
  expect(newestWithin(tags.split(' '), range)).toBe(newest)
})

test.for<[filter: string, tag: string, takes: boolean | undefined]>([
  ['.*-stable$', '1.0.0-stable', true],
  ['(?P<v>^1)\\.', '1.0', true],
  ['^2', '1.0', false],
  ['(a+)+$', 'a', undefined],
  ['[', 'a', undefined],
])('the filter %s of the tag %s says %s', ([filter, tag, takes]) => {
  expect(tagFilter(filter)?.(tag)).toBe(takes)
})
