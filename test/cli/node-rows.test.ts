import { expect, test } from 'vitest'
import { nodeRows } from '../../src/cli/output/terminal/node-rows.ts'

const rows = Array.from({ length: 5000 }, (_, index) => [
  `node-${String(index).padStart(4, '0')}`,
  index === 7 ? 'web' : 'all',
  '3',
])

test('equal rows of thousands of nodes are one, and --all says every one', () => {
  expect(nodeRows(rows, { all: false })).toEqual([
    ['4999 nodes: node-0000, node-0001, node-0002, node-0003, node-0004 and 4994 more', 'all', '3'],
    ['node-0007', 'web', '3'],
  ])
  expect(nodeRows(rows, { all: true })).toEqual(rows)
  expect(nodeRows(rows.slice(0, 40), { all: false })).toEqual(rows.slice(0, 40))
})
