import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../src/duration.ts'

test.for<[text: string, milliseconds: number | undefined]>([
  ['30s', 30_000],
  ['1h30m', 5_400_000],
  ['1.5m', 90_000],
  ['250ms', 250],
  ['0', 0],
  ['30', undefined],
  ['', undefined],
  ['s', undefined],
  ['1d', undefined],
  ['-5s', undefined],
  ['5 s', undefined],
])('%s', ([text, milliseconds]) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test.for<[milliseconds: number, text: string]>([
  [500, '500ms'],
  [30_000, '30s'],
  [5_400_000, '1h30m'],
  [3_600_000, '1h'],
])('%d ms is %s', ([milliseconds, text]) => {
  expect(formatDuration(milliseconds)).toBe(text)
})
