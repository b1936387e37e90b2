import { expect, test } from 'vitest'
import { readVars } from '../../src/cli/inputs/var-file.ts'

test('a variable is given one value', async () => {
  expect([...(await readVars([], ['A=b', 'B=c', 'A=b'])).vars]).toEqual([
    ['A', 'b'],
    ['B', 'c'],
  ])
  await expect(readVars([], ['A=b', 'A=c'])).rejects.toMatchObject({
    code: 'USAGE',
    message: '--var gives A two values: "b" and "c"',
  })
})
