import yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { formatPath } from '../../src/kubernetes/documents/path.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { fc, runs } from '../support/property.ts'
import { scanText } from '../support/scan-text.ts'

const KEYS = ['kind', 'apiVersion', 'metadata', 'annotations', 'spec', 'containers', 'image', 'images', 'name', 'value']
const MORE_KEYS = [
  'env',
  'args',
  'tag',
  'repository',
  'version',
  'data',
  'default',
  'volumes',
  'items',
  '__proto__',
  'a.b',
]
const TEXTS = [
  'Pod',
  'v1',
  'List',
  'ConfigMap',
  'x/y:1',
  'busybox',
  '--image=x/y:2',
  '$(params.a)',
  'a=x/y:3',
  '{"image": "x/y:4"}',
  'image: x/y:5\nb: c',
  '*',
]

// `<<` is a key in JSON and merges in YAML, so writers differ there by design.
const anyKey = fc.string({ maxLength: 6 }).filter((word) => word !== '<<')
const key = fc.oneof(fc.constantFrom(...KEYS, ...MORE_KEYS), anyKey)
const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: 12 }))
const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6, depthSize: 'medium' },
    text,
    fc.integer(),
    fc.constantFrom(null, true),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(key, tie('node'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))
const resource = fc
  .dictionary(key, node, { maxKeys: 5, noNullPrototype: true })
  .map((value) => ({ apiVersion: 'x.example/v1', kind: 'Thing', ...value }))

function usesIn(source: string): string[] {
  return scanText(source).uses.map(
    ({ path, reference, confidence }) => `${formatPath(path)} ${reference} ${confidence}`,
  )
}

test('whatever a resource holds, references parse, and every YAML writer gives the same uses', () => {
  fc.assert(
    fc.property(resource, (value) => {
      const json = JSON.stringify(value)
      const { uses } = scanText(json)
      for (const { reference } of uses) parseReference(reference)
      const expected = usesIn(json)
      const plain = JSON.parse(json)
      expect(usesIn(yaml.dump(plain))).toEqual(expected)
      expect(usesIn(stringify(plain, { version: '1.1' }))).toEqual(expected)
    }),
    { numRuns: runs(1000) },
  )
})

test('lines stay inside the text, whoever writes it', () => {
  fc.assert(
    fc.property(resource, (value) => {
      const source = yaml.dump(JSON.parse(JSON.stringify(value)))
      const lines = source.split('\n').length
      for (const { line } of scanText(source).uses) {
        expect(line).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(lines)
      }
    }),
    { numRuns: runs(500) },
  )
})

test('the line of an image is the line that holds it', () => {
  const filler = fc.array(fc.constantFrom('# x/y:1', 'a: b', 'b: [c,\n  d]', 'c: |\n  text\n  more', ''), {
    maxLength: 6,
  })
  fc.assert(
    fc.property(filler, filler, (before, after) => {
      const unique = (lines: string[], prefix: string) =>
        lines.map((line, index) => line.replace(/^([abc]):/, `${prefix}$1${index}:`))
      const source = [
        'kind: Thing',
        ...unique(before, 'x'),
        'image: registry.example.com/x/y:1',
        ...unique(after, 'z'),
      ].join('\n')
      const [use] = scanText(source).uses
      expect(source.split('\n')[(use?.line ?? 0) - 1]).toBe('image: registry.example.com/x/y:1')
    }),
  )
})

test('any bytes as text neither crash nor hang a scan', () => {
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({
      unit: fc.constantFrom(
        ...'kind: Pod|image: a:1|- |  |\n|---\n|{|}|[|]|"|\'|&a |*a|? |: |#|%|!|>|@|`|$(x)|{{'.split('|'),
      ),
      maxLength: 120,
    }),
  )
  fc.assert(
    fc.property(noise, (source) => {
      for (const { reference } of scanText(source).uses) parseReference(reference)
    }),
    { numRuns: runs(3000) },
  )
})

test.for<[why: string, source: string]>([
  [
    'a long line of flags',
    `kind: Pod\nspec: {containers: [{name: a, image: "a:1", args: ["${'--image=a/b:1 '.repeat(50_000)}"]}]}`,
  ],
  ['many lines of text', `kind: ConfigMap\ndata:\n  x: |\n${'    image: a/b:1\n'.repeat(50_000)}    {{ x }\n`],
  ['a list of many images in a text', `kind: X\nspec:\n  images: "${'a/b:1,'.repeat(50_000)}"`],
  [
    'many variables',
    `kind: X\nspec:\n  env:\n${Array.from({ length: 5000 }, (_, i) => `  - {name: X${i}_IMAGE, value: a/b}\n  - {name: X${i}_VERSION, value: "${i}"}\n`).join('')}`,
  ],
  [
    'many placeholders',
    `kind: X\nspec:\n  image: "${'$(params.x)'.repeat(50_000)}"\n  params: [{name: x, default: yyyyyyyyyy}]`,
  ],
  [
    'a deep schema',
    `kind: CustomResourceDefinition\nspec: {validation: {openAPIV3Schema: ${'{properties: {image: '.repeat(150)}{default: a}${'}}'.repeat(150)}}}`,
  ],
  [
    'JSON in JSON in JSON',
    `kind: X\nspec:\n  image: ${Array.from({ length: 12 }).reduce<string>((inner) => JSON.stringify(`{"image": ${inner}}`), '"a/b:1"')}`,
  ],
  ['a text of colons', `kind: ConfigMap\ndata:\n  x: "${':'.repeat(500_000)}"`],
])('a hostile resource ends soon: %s', ([, source]) => {
  for (const { reference } of scanText(source).uses) parseReference(reference)
})
