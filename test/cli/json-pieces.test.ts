import { expect, test } from 'vitest'
import { jsonPieces } from '../../src/cli/output/formats/json-pieces.ts'
import { fc } from '../support/property.ts'

test('the pieces together are what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: false }), (value) => {
      fc.pre(JSON.stringify(value) !== undefined)
      const text = [...jsonPieces(value)].join('')
      expect(unescaped(text)).toBe(JSON.stringify(value, null, 2))
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test.for([{}, [], null, 1, 'a\nb', { a: [] }, { a: undefined, b: [undefined, { c: ['\n'] }] }, { a: { b: [1] } }])(
  '%j',
  (value) => {
    expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value, null, 2))
  },
)

test('lists that several entries have are written at each of them', () => {
  const shared = [{ name: 'a\n      "nodes": 0', nodes: [{ b: [1, '\u202e'] }, []] }, 'x']
  const entries = [
    { nodes: shared, x: 0, more: shared },
    { x: '\n      "nodes": 0', '': { nodes: shared }, nodes: shared, 'a"\n': shared, empty: [] },
    { fixes: [], nodes: [undefined, shared], x: undefined, toJSON: () => 'own' },
    null,
    { nodes: [shared, shared], x: [() => 1] },
  ]
  const value = { workloads: [...entries, ...entries], other: entries }
  expect(unescaped([...jsonPieces(value)].join(''))).toBe(JSON.stringify(value, null, 2))
})

test('no piece is much longer than an entry of a list, or than a page of short ones', () => {
  const longest = (list: readonly unknown[]) => Math.max(...Array.from(jsonPieces({ list }), ({ length }) => length))
  expect(longest(Array(20_000).fill({ a: 1 }))).toBeLessThan(70_000)
  expect(longest(Array(50).fill({ a: 'x'.repeat(1_000_000) }))).toBeLessThan(1_100_000)
})

test('what would move a cursor or turn a line is escaped, in keys, texts and lists, and reads back as it was', () => {
  const evil = '\u0000\u001b[2J\u007f\u0085\u009b31m\u061c\u200e\u2028\u2029\u202e\u2066\u2069é😀'
  for (const value of [evil, { [evil]: evil }, { a: [evil, { [evil]: [evil] }] }, [[evil]]]) {
    const text = [...jsonPieces(value)].join('')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/)
    expect(JSON.parse(text)).toEqual(value)
    expect(text).toContain('é😀')
  }
})

function unescaped(text: string): string {
  return text.replace(/(?<=(?:^|[^\\])(?:\\\\)*)\\u(007f|00[89]\w|061c|20\w\w)/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}
