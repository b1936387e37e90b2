import { expect, test } from 'vitest'
import type { FieldRule } from '../../src/discovery/rules/field-rule.ts'
import { readRules } from '../../src/discovery/rules/rules-file.ts'
import { scanDocument } from '../../src/discovery/scan.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { formatPath } from '../../src/kubernetes/documents/path.ts'

function scan(spec: string, rules: FieldRule[], kind = 'Engine') {
  const [document] = readAllDocuments(`apiVersion: x.example/v1\nkind: ${kind}\nspec: ${spec}\n`, 'engine.yaml')
  if (!document) throw new Error('no document')
  return scanDocument(document, { rules }).uses
}

test.for<[why: string, rule: Omit<FieldRule, 'kind'>, spec: string, found: string[]]>([
  ['a field', { path: 'spec.runtime' }, '{runtime: x/y}', ['spec.runtime x/y']],
  [
    'every entry of a list',
    { path: 'spec.parts[*].from' },
    '{parts: [{from: x/a}, {from: x/b}]}',
    ['spec.parts[0].from x/a', 'spec.parts[1].from x/b'],
  ],
  [
    'every key of a map',
    { path: 'spec.parts.*' },
    '{parts: {a: x/a, b: x/b}}',
    ['spec.parts.a x/a', 'spec.parts.b x/b'],
  ],
  ['any way down', { path: 'spec.**.from' }, '{a: {b: [{from: x/a}]}}', ['spec.a.b[0].from x/a']],
  ['a key with a dot', { path: 'spec["a.b"]' }, '{a.b: x/a}', ['spec["a.b"] x/a']],
  [
    'parts, one of them from the root',
    { path: 'spec.engine', parts: { registry: '$.spec.from', repository: 'what', tag: 'which' } },
    '{from: registry.example.com, engine: {what: x/y, which: 3}}',
    ['spec.engine.what registry.example.com/x/y:3'],
  ],
  [
    'only where it says so',
    { path: 'spec.parts[*]', where: { type: 'oci' }, parts: { repository: 'at' } },
    '{parts: [{type: git, at: x/a}, {type: oci, at: x/b}]}',
    ['spec.parts[1].at x/b'],
  ],
  [
    'a prefix that goes',
    { path: 'spec.from', prefix: 'oci://' },
    '{from: "oci://quay.io/x/y:1"}',
    ['spec.from quay.io/x/y:1'],
  ],
  [
    'what its operator makes of a version',
    { path: 'spec.version', image: '{$.spec.from:-quay.io/x}/engine:{}' },
    '{version: 1.2+k1}',
    ['spec.version quay.io/x/engine:1.2-k1'],
  ],
  [
    'what its operator makes, unless it is named',
    { path: 'spec.version', image: 'quay.io/x/engine:{}', unless: '$.spec.runtime' },
    '{version: 1.2, runtime: 5}',
    [],
  ],
  ['no image that lacks a value', { path: 'spec', image: 'quay.io/x/engine:{version}' }, '{image: ""}', []],
  ['what is no reference', { path: 'spec.runtime' }, '{runtime: "not one"}', []],
  ['nothing at all', { path: 'spec.runtime' }, '{}', []],
])('a rule finds %s', ([, rule, spec, found]) => {
  const uses = scan(spec, [{ kind: 'Engine', ...rule }])
  expect(uses.map(({ path, reference }) => `${formatPath(path)} ${reference}`)).toEqual(found)
  expect(uses.every(({ layer, confidence }) => layer === 'rule' && confidence === 'certain')).toBe(true)
})

test('a rule is for its kind and group', () => {
  const rule = { kind: 'Engine', path: 'spec.runtime' }
  expect(scan('{runtime: x/y}', [{ ...rule, group: 'other.example' }])).toEqual([])
  expect(scan('{runtime: x/y}', [{ ...rule, group: 'x.example' }])).toHaveLength(1)
  expect(scan('{runtime: x/y}', [rule], 'Other')).toEqual([])
})

test('a rule has the last word about its field, and can say that there is no image', () => {
  const spec = '{image: x/y, build: {image: "x/z:1"}}'
  expect(scan(spec, []).map(({ reference }) => reference)).toEqual(['x/y', 'x/z:1'])
  const rules: FieldRule[] = [
    { kind: 'Engine', path: 'spec.image' },
    { kind: 'Engine', path: 'spec.build', ignore: true },
  ]
  expect(scan(spec, rules)).toMatchObject([{ reference: 'x/y', confidence: 'certain', why: 'your rule spec.image' }])
})

test('a rules file is read', () => {
  const text =
    'rules:\n  - kind: Engine\n    path: spec.a\n    parts: {repository: x, tag: t}\n  - {kind: B, path: c, ignore: true}\n'
  expect(readRules(text, 'rules.yaml')).toEqual([
    { kind: 'Engine', path: 'spec.a', parts: { repository: 'x', tag: 't' } },
    { kind: 'B', path: 'c', ignore: true },
  ])
})

test.for<[text: string, message: string]>([
  ['a: 1', 'rules.yaml: holds no list of rules'],
  ['rules: [\n5]', 'rules.yaml:2: rule 1: is no map'],
  ['rules:\n  - {kind: A}', 'rules.yaml:2: rule 1: kind and path are needed'],
  ['rules:\n  - kind: A\n    paht: b', 'rules.yaml:3: rule 1: unknown field "paht"'],
  ['rules:\n  - kind: A\n    path: [b]', 'rules.yaml:3: rule 1: path has the wrong type'],
  ['rules:\n  - kind: A\n    path: b\n    parts: {repo: c}', 'rules.yaml:4: rule 1: unknown part "repo"'],
  ['rules:\n  - kind: A\n    path: b\n    parts: {tag: c}', 'rules.yaml:4: rule 1: parts needs repository'],
  [
    'rules:\n  - {kind: A, path: b, image: c, parts: {repository: d}}',
    'rules.yaml:2: rule 1: image and parts are two ways to say the same',
  ],
  ['rules: [', 'rules.yaml:1: unexpected end of the stream within a flow collection'],
])('a broken rules file: %j', ([text, message]) => {
  expect(() => readRules(text, 'rules.yaml')).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }))
})
