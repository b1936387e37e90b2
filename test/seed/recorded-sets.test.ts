import { expect, test } from 'vitest'
import { seedSetDigestOf } from '../../src/bundle/format/seed-set.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { type RecordedSet, recordedSetsProblem } from '../../src/seed/placement/recorded-sets.ts'

const KEY = 'images.nodeseed.dev'

/** A set of these names, each of which stands for the image of that content. */
function set(images: Record<string, string>, over: Partial<RecordedSet> = {}): Required<RecordedSet> {
  const names = Object.entries(images).map(([name, content]) => [name, digestOf(content)] as const)
  const digest = over.digest ?? seedSetDigestOf(names)
  const label = `${KEY}/${digest}`
  return { digest, label, images: names.map(([name]) => name), digests: names.map(([, is]) => is), ...over }
}

const BASE = set({ 'a:1': 'a', 'b:1': 'b' })
const WEB = set({ 'c:1': 'c' })
const BOTH = set({ 'a:1': 'a', 'b:1': 'b', 'c:1': 'c' })
const { digests: _, ...UNTOLD } = BASE

const node = (seeded: string, ...sets: string[]) => ({ nodes: [{ node: 'n', sets, seeded }] })
const selecting = (key: string) => ({
  workloads: [{ nodeSelector: { [key]: 'seeded', 'kubernetes.io/arch': 'arm64' } }],
})

test.for<
  [what: string, sets: RecordedSet[], beside: Parameters<typeof recordedSetsProblem>[1], problem: string | undefined]
>([
  ['sets as they are', [BASE, WEB], node(BOTH.digest, BASE.digest, WEB.digest), undefined],
  ['a set that does not say what its names stand for', [UNTOLD], node('aaaa', BASE.digest), undefined],
  ['as many other names', [set({ 'x:1': 'a', 'y:1': 'b' }, { digest: BASE.digest })], {}, 'the images of set'],
  [
    'the same names, another image',
    [set({ 'a:1': 'a', 'b:1': 'x' }, { digest: BASE.digest })],
    {},
    'the images of set',
  ],
  ['images changed round', [set({ 'a:1': 'b', 'b:1': 'a' }, { digest: BASE.digest })], {}, 'the images of set'],
  ['a name more', [{ ...BASE, images: [...BASE.images, 'z:1'] }], {}, 'the images of set'],
  ['the label of another set', [{ ...BASE, label: WEB.label }], {}, 'is not that of set'],
  ['the bare name as label', [{ ...BASE, label: KEY }], {}, 'is not that of set'],
  ['a node with a set that is not there', [BASE], node(BOTH.digest, BASE.digest, WEB.digest), 'node n holds a set'],
  ['a node whose pod reports one set of two', [BASE, WEB], node(BASE.digest, BASE.digest, WEB.digest), 'together'],
  ['a node whose pod reports another set', [BASE, WEB], node(WEB.digest, BASE.digest), 'together'],
  ['a workload that selects its set', [BASE], selecting(BASE.label), undefined],
  ['a workload that selects a set of another seeding', [BASE], selecting(WEB.label), 'a workload selects'],
])('%s', ([, sets, beside, problem]) => {
  const found = recordedSetsProblem(sets, beside)
  if (problem === undefined) expect(found).toBeUndefined()
  else expect(found).toContain(problem)
})
