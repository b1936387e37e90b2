import yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ExpectedError } from '../../src/errors.ts'
import { readAllDocuments, readDocuments } from '../../src/kubernetes/documents/document.ts'
import { plainValueOf } from '../../src/kubernetes/documents/plain-value.ts'
import { fc, runs } from '../support/property.ts'

function read(text: string): (string | [line: number, value: unknown])[] {
  return Array.from(readDocuments(text, 'f.yaml'), (document) =>
    'problem' in document ? `${document.line}: ${document.problem}` : [document.line, document.value],
  )
}

test.for<[text: string, value: unknown]>([
  ['[~, null, Null, NULL, nULL]', [null, null, null, null, 'nULL']],
  [
    '[true, True, FALSE, tRUE, yes, On, y, NO, n, off, oN]',
    [true, true, false, 'tRUE', true, true, true, false, false, false, 'oN'],
  ],
  [
    '[0, -1, +1, 0x1F, 0b11, 0o17, 017, 0644, 089, 1_000, -0X1f, 0b12, 0xg, 00]',
    [0, -1, 1, 31, 3, 15, 15, 420, 89, 1000, -31, '0b12', '0xg', 0],
  ],
  ['{0o0: a, 0o17: b, on: c, 010: d}', { 0: 'a', 15: 'b', true: 'c', 8: 'd' }],
  ['[1.5, .5, 5., 1e3, .inf, -.Inf, e3, .]', [1.5, 0.5, 5, 1000, Infinity, -Infinity, 'e3', '.']],
  [
    '[none, ten, false-start, 1.27.3, -x, 1:30, 2024-01-01, 1e, off-by-one]',
    ['none', 'ten', 'false-start', '1.27.3', '-x', '1:30', '2024-01-01', '1e', 'off-by-one'],
  ],
  [
    "[!!int '3', !!str 3, !!null ~, '3', \"true\", 'yes', '0_', !!bool yes, !!float 3, !!merge <<]",
    [3, '3', null, '3', 'true', 'yes', '0_', true, 3, '<<'],
  ],
])('%s: words that are values, and those that look so', ([text, value]) => {
  expect(read(text)).toEqual([[1, value]])
})

test.for<[why: string, text: string, documents: unknown[]]>([
  [
    'documents are cut at marks',
    'a: 1\n---\nb: 2\n',
    [
      [1, { a: 1 }],
      [2, { b: 2 }],
    ],
  ],
  [
    'a mark may carry content or a comment',
    '--- {a: 1}\n--- # no\nb: 2',
    [
      [1, { a: 1 }],
      [2, { b: 2 }],
    ],
  ],
  ['documents without content are left out', '# only\n---\n---\n\n', []],
  [
    'a byte order mark and CRLF are no content',
    '\ufeffa: 1\r\n---\r\nb: 2\r\n',
    [
      [1, { a: 1 }],
      [2, { b: 2 }],
    ],
  ],
  ['directives belong to the next document', '%YAML 1.2\n---\na: 1\n', [[2, { a: 1 }]]],
  [
    'an end mark ends a document',
    'a: 1\n...\n---\nb: 2\n',
    [
      [1, { a: 1 }],
      [3, { b: 2 }],
    ],
  ],
  [
    'JSON documents may follow one another',
    '{"a": 1}\n{\n"a": [\n{"b":2}\n]\n}\n',
    [
      [1, { a: 1 }],
      [2, { a: [{ b: 2 }] }],
    ],
  ],
  ['JSON with a trailing comma is flow-style YAML', '{"a": 1,}', [[1, { a: 1 }]]],
  ['the last of two equal keys wins', 'a: 1\na: 2\n', [[1, { a: 2 }]]],
  ['merge keys merge', 'x: &x {a: 1}\nz: {<<: *x, b: 2}\n', [[1, { x: { a: 1 }, z: { a: 1, b: 2 } }]]],
  [
    'dates and unknown tags stay text',
    'a: 2024-01-01\nb: !Ref x\nc: !!binary aGk=\n',
    [[1, { a: '2024-01-01', b: 'x', c: 'aGk=' }]],
  ],
  [
    'a broken document costs only itself',
    'a: 1\n---\nb: [\n---\nc: 3\n',
    [[1, { a: 1 }], '3: unexpected end of the stream within a flow collection', [4, { c: 3 }]],
  ],
  ['tabs are named, with their line', 'a:\n\tb: 1\n', ['2: tab characters must not be used in indentation']],
  [
    'a template that YAML can read is refused, as kubectl does',
    'a: "{{x}}"\nb: c {{x}}\nn: {{X}}\n',
    ['3: a template that is not rendered: a map as a key'],
  ],
  ['an alias that contains itself is refused', 'a: &a [*a]\n', ['1: an alias that contains itself']],
])('%s', ([, text, documents]) => {
  expect(read(text)).toEqual(documents)
})

test('an alias bomb is refused', () => {
  const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
  expect(read(['l0: &l0 boom', ...levels].join('\n'))).toEqual(['1: aliases expand to more than 2000000 values'])
})

test.for<[why: string, text: string]>([
  ['flow sequences', '['.repeat(100_000)],
  ['closed JSON', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['block sequences', '- '.repeat(50_000)],
  ['flow mappings', '{a: '.repeat(50_000)],
])('deep nesting is refused: %s', ([, text]) => {
  expect(read(text)).toEqual([expect.stringMatching(/^\d+: /)])
})

test('lines are those of the whole file, in block style, flow style and JSON', () => {
  const text = [
    'kind: A',
    '---',
    '# a comment',
    'list:',
    '  - x: 1',
    '    z: >-',
    '      folded',
    '      text',
    '  - {x: 2,',
    '     z: 3}',
    '"quoted key": z',
    '---',
    '{"a": [',
    '  1,',
    '  {"b": "c"}]}',
  ].join('\n')
  const [, block, json] = readAllDocuments(text, 'f.yaml')
  const at = (path: (string | number)[]) => block?.lineOf(path)
  expect([at(['list', 0, 'x']), at(['list', 0, 'z']), at(['list', 1, 'x']), at(['list', 1, 'z'])]).toEqual([
    5, 6, 9, 10,
  ])
  expect(at(['quoted key'])).toBe(11)
  expect(at(['list', 1, 'missing', 'deeper'])).toBe(9)
  expect(json?.lineOf(['a', 0])).toBe(14)
  expect(json?.lineOf(['a', 1, 'b'])).toBe(15)
})

test('lines are right behind anchors, tags, aliases, merge keys and explicit keys', () => {
  const text = [
    'base: &base',
    '  a: 1',
    'plain: &p !!str',
    '  text',
    '&k key: !Ref v',
    'alias: *base',
    'merged:',
    '  <<: *base',
    '  b: 2',
    '? explicit',
    ': value',
    'twice: 1',
    'twice: 2',
  ].join('\n')
  const [document] = readAllDocuments(text, 'f.yaml')
  const at = (path: (string | number)[]) => document?.lineOf(path)
  expect(at(['base', 'a'])).toBe(2)
  expect(at(['plain'])).toBe(4)
  expect(at(['key'])).toBe(5)
  expect(at(['alias', 'a'])).toBe(6)
  expect(at(['merged', 'b'])).toBe(9)
  expect(at(['merged', 'a'])).toBe(7)
  expect(at(['explicit'])).toBe(11)
  expect(at(['twice'])).toBe(13)
})

test('a text that must be whole names file and line of what is broken', () => {
  expect(() => readAllDocuments('a: 1\n---\nb: [', 'nodes.yaml')).toThrow(
    new ExpectedError('INPUT_INVALID', 'nodes.yaml:3: unexpected end of the stream within a flow collection'),
  )
})

test('a text that must be whole is no page of a list', () => {
  expect(() => readAllDocuments('kind: NodeList\nmetadata: {continue: a}\nitems: []\n', 'nodes.yaml')).toThrow(
    new ExpectedError(
      'INPUT_INVALID',
      'nodes.yaml: one page of a list, of which the server has more (metadata.continue)',
    ),
  )
})

// Some writers leave without quotes what only go-yaml v2 reads as a value, such as `yes`, `0_` or `0o7`.
const text = (constraints: fc.StringConstraints) =>
  fc.string(constraints).filter((one) => plainValueOf(one) === undefined)
const scalar = fc.oneof(text({ maxLength: 20 }), fc.integer(), fc.boolean(), fc.constant(null))
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(text({ minLength: 1, maxLength: 8 }), tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

test('what two YAML writers and JSON write is read as the same value', () => {
  fc.assert(
    fc.property(
      fc.dictionary(text({ minLength: 1, maxLength: 8 }), tree, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
      (value) => {
        const expected = JSON.parse(JSON.stringify(value))
        const texts = [JSON.stringify(value, null, 2), yaml.dump(value)]
        // It writes a key `<<` without quotes, which every reader of YAML 1.1 takes for a merge.
        if (!texts[0]!.includes('"<<": ')) texts.push(stringify(value, { version: '1.1' }))
        for (const text of texts) {
          expect(readAllDocuments(text, 'f').map((document) => document.value)).toEqual([expected])
        }
      },
    ),
    { numRuns: runs(200) },
  )
})

test('any text gives documents or problems, and lines inside it', () => {
  const noise = fc.string({
    unit: fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '---\n',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '|',
      '>',
      '&x',
      '*x',
      '#',
      '%',
      '!',
      '\t',
      ',',
      '<<',
      '\r\n',
    ),
    maxLength: 200,
  })
  fc.assert(
    fc.property(noise, (text) => {
      const lines = text.split('\n').length
      for (const document of readDocuments(text, 'f')) {
        const line = 'problem' in document ? document.line : document.lineOf(['a', 0, 'a'])
        expect(line).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(lines + 1)
      }
    }),
    { numRuns: runs(3000) },
  )
})
