import { expect, test } from 'vitest'
import { readIndentedList } from '../../src/kubernetes/documents/indented-list.ts'
import { readNodes, readNodesOf } from '../../src/kubernetes/objects/node.ts'
import { fc, runs } from '../support/property.ts'

const text = fc.oneof(
  fc.constantFrom('images', 'items', '"images": [', '},\n    {', '\n]', '<é>', '__proto__'),
  fc.string(),
)
const entry = fc.oneof(
  fc.constantFrom({ names: ['a:1'], sizeBytes: 1 }, { names: ['b:1', 'b@x'] }, {}, 'text', 3, null, [], { images: [] }),
  fc.record({ names: fc.array(text, { maxLength: 2 }), sizeBytes: fc.nat() }),
)
const images = fc.oneof(fc.array(entry, { maxLength: 3 }), text, fc.constant(null))
const node = fc.record(
  {
    kind: fc.constantFrom('Node', 'Pod'),
    metadata: fc.dictionary(text, fc.oneof(text, fc.dictionary(text, text), fc.constant({ images: [{}] }))),
    status: fc.oneof(fc.record({ phase: text, images }, { requiredKeys: [] }), fc.constant({ more: { images: [{}] } })),
    images,
  },
  { requiredKeys: ['kind'] },
)
const list = fc.record(
  {
    kind: fc.constant('List'),
    items: fc.array(fc.oneof(node, entry), { maxLength: 4 }),
    metadata: fc.dictionary(text, text),
  },
  { requiredKeys: ['items'] },
)

test('what is read item by item is what a reader of the whole text reads', () => {
  const damage = fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 3 }),
    put: fc.constantFrom('', '\n', ' ', '"', ',', ']', '},'),
  })
  fc.assert(
    fc.property(list, fc.constantFrom(0, 1, 2, 4), fc.option(damage, { freq: 2 }), (value, indent, hurt) => {
      const whole = JSON.stringify(value, null, indent)
      const at = hurt ? hurt.at % whole.length : 0
      const told = hurt ? whole.slice(0, at) + hurt.put + whole.slice(at + hurt.length) : whole
      const read = readIndentedList(Buffer.from(told))
      if (read) expect(read).toEqual(JSON.parse(told))
    }),
    { numRuns: runs(400) },
  )
})

const NODES = {
  apiVersion: 'v1',
  kind: 'List',
  items: ['a', 'b'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: { images: [{ names: ['docker.io/shop/web:1'], sizeBytes: 7 }], phase: 'Running' },
  })),
}

test('a list as kubectl writes it is read item by item, and nodes share the entries of their images', () => {
  const bytes = Buffer.from(JSON.stringify(NODES, null, 4))
  const nodes = readNodesOf(bytes, 'nodes.json', () => {
    throw new Error('no text of all of it is made')
  })
  expect(nodes).toEqual(readNodes(bytes.toString(), 'nodes.json'))
  expect(nodes[0]?.status?.images?.[0]).toBe(nodes[1]?.status?.images?.[0])
})

test('one page of a list is refused as by the reader of whole texts', () => {
  const page = JSON.stringify({ ...NODES, metadata: { continue: 'x', remainingItemCount: 3 } }, null, 4)
  const read = () => readNodesOf(Buffer.from(page), 'nodes.json', String)
  expect(() => readNodes(page, 'nodes.json')).toThrow('nodes.json: one page of a list, of which the server has 3 more')
  expect(read).toThrow('nodes.json: one page of a list, of which the server has 3 more')
})

test.each<[string, string]>([
  ['on one line', JSON.stringify(NODES)],
  ['YAML', 'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: a}\n'],
  ['a key that stands twice', JSON.stringify(NODES, null, 2).replace('"kind": "List"', '"items": [], "kind": "List"')],
  ['another document behind it', `${JSON.stringify(NODES, null, 2)}\n---\n${JSON.stringify(NODES, null, 2)}`],
  ['a byte order mark', `\ufeff${JSON.stringify(NODES, null, 2)}`],
  [
    'nested too deep',
    JSON.stringify({ ...NODES, items: [{ a: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) }] }, null, 1),
  ],
])('%s is left to the reader of whole texts', (_, told) => {
  expect(readIndentedList(Buffer.from(told))).toBeUndefined()
})
