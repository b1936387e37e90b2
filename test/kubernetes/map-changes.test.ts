import { expect, test } from 'vitest'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { planEdits } from '../../src/kubernetes/documents/edit/edit-plan.ts'
import { changedMap } from '../../src/kubernetes/documents/edit/edited-value.ts'
import { applySplices } from '../../src/kubernetes/documents/edit/splice.ts'
import { parseTree } from '../../src/kubernetes/documents/edit/tree.ts'

const OLD = 'shop.nodeseed.dev/0000000000000000'
const OLDER = 'shop.nodeseed.dev/1111111111111111'
const NEW = 'shop.nodeseed.dev/2222222222222222'
const ARCH = 'kubernetes.io/arch'
/** What a selector may hold before, in each order in which it stands. */
const PRESENT = [
  [OLD],
  [OLD, 'disk'],
  ['disk', OLD],
  [OLD, OLDER],
  [OLD, 'disk', OLDER],
  ['disk'],
  [ARCH, OLD],
  [OLD, ARCH],
]
const WANTED = [[NEW], [ARCH, NEW], [NEW, ARCH, 'zone']]

const STYLES: Readonly<Record<string, (pairs: readonly string[]) => string>> = {
  block: (pairs) => `a:\n  s:\n${pairs.map((pair) => `    ${pair}: seeded # why\n`).join('')}  t: 1\n`,
  'block at the end': (pairs) => `a:\n  s:\n${pairs.map((pair) => `    ${pair}: seeded`).join('\n')}\n`,
  quoted: (pairs) => `a:\n  s:\n${pairs.map((pair) => `    "${pair}": 'seeded'\n`).join('')}`,
  flow: (pairs) => `a: {s: {${pairs.map((pair) => `${pair}: seeded`).join(', ')}}, t: 1}\n`,
  json: (pairs) => `{"a":{"s":{${pairs.map((pair) => `"${pair}":"seeded"`).join(',')}}}}\n`,
}

const CASES = Object.keys(STYLES).flatMap((style) =>
  PRESENT.flatMap((present) => WANTED.map((wanted) => [style, present, wanted] as const)),
)

test.for(CASES)('a map in %s with %j gets %j', ([style, present, wanted]) => {
  const text = STYLES[style]?.(present) ?? ''
  const set = Object.fromEntries(wanted.filter((key) => !present.includes(key)).map((key) => [key, 'seeded']))
  const change = { set, drop: present.filter((key) => key === OLD || key === OLDER) }
  const value = readAllDocuments(text, 'a.yaml')[0]?.value
  const [plan] = planEdits(text, parseTree(text)!, value, [{ path: ['a', 's'], value: change }])
  const after = applySplices(text, typeof plan === 'string' || plan === undefined ? [] : plan)
  const before = Object.fromEntries(present.map((key) => [key, 'seeded']))
  expect(readAllDocuments(after, 'a.yaml')[0]?.value).toMatchObject({ a: { s: changedMap(before, change) } })
  expect(after).not.toContain(OLD)
})
