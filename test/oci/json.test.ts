import { expect, test } from 'vitest'
import { parseJson } from '../../src/oci/json.ts'
import { fc } from '../support/property.ts'

test('whatever JSON.parse reads is read alike', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text))
    }),
  )
})

test.for<[what: string, text: string]>([
  ['deep lists', '['.repeat(5e6)],
  ['deep objects', '{"a":'.repeat(100)],
  ['no JSON', '{'],
])('%s are refused', ([, text]) => {
  expect(() => parseJson(Buffer.from(text))).toThrow(SyntaxError)
})

test('brackets in a string, even a very long one, are no depth', () => {
  const text = '[{\\"'.repeat(2e6)
  expect(parseJson(Buffer.from(`{"a":"${text}"}`))).toEqual({ a: '[{"'.repeat(2e6) })
})
