import { expect, test } from 'vitest'
import { parseSize } from '../../src/cli/flags/size-flag.ts'

test.for<[text: string, bytes: number | undefined]>([
  ['1000', 1000],
  ['4GB', 4e9],
  ['4 gb', 4e9],
  ['40G', 40e9],
  ['1.5k', 1500],
  ['64Ki', 65_536],
  ['650MiB', 681_574_400],
  ['1TiB', 2 ** 40],
  ['5i', undefined],
  ['much', undefined],
  ['-1G', undefined],
  ['', undefined],
])('%s', ([text, bytes]) => {
  expect(parseSize(text)).toBe(bytes)
})
