import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonPieces } from '../../src/cli/output/json-pieces.ts'

test('the pieces together are what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: false }), (value) => {
      fc.pre(JSON.stringify(value) !== undefined)
      expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value, null, 2))
    }),
  )
})

test.for([{}, [], null, 1, 'a\nb', { a: [] }, { a: undefined, b: [undefined, { c: ['\n'] }] }, { a: { b: [1] } }])(
  '%j',
  (value) => {
    expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value, null, 2))
  },
)

test('each entry of a list is a piece of its own', () => {
  expect([...jsonPieces({ list: Array(1000).fill({ a: 1 }) })].length).toBeGreaterThan(1000)
})
