import { expect, test } from 'vitest'
import { SCAN_FORMATS } from '../../src/cli/output/scan-formats.ts'

test('where something could not be read, it is not said that there is no image', () => {
  const nothing = { uses: [], images: [] }
  expect(SCAN_FORMATS.table.render(nothing, 80)).toBe('No image.')
  expect(SCAN_FORMATS.table.render({ ...nothing, isIncomplete: true }, 80)).toBe('No image in what could be read.')
})
