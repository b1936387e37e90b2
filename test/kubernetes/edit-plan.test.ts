import { expect, test } from 'vitest'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { planEdits } from '../../src/kubernetes/documents/edit/edit-plan.ts'
import type { Edit } from '../../src/kubernetes/documents/edit/edited-value.ts'
import { applySplices } from '../../src/kubernetes/documents/edit/splice.ts'
import { parseTree } from '../../src/kubernetes/documents/edit/tree.ts'

const SELECTOR: Edit[] = [
  { path: ['spec', 'nodeSelector'], value: { set: { 'shop.nodeseed.dev/0123': 'seeded' }, drop: [] } },
]
const POLICY: Edit[] = [{ path: ['spec', 'containers', 0, 'imagePullPolicy'], value: 'Never' }]
const PIN: Edit[] = [{ path: ['spec', 'containers', 0, 'image'], value: 'a:1@sha256:00' }]

function edited(text: string, edits: Edit[]): string {
  const [document] = readAllDocuments(text, 'a.yaml')
  const plans = planEdits(text, parseTree(text)!, document!.value, edits)
  const refusal = plans.find((plan) => typeof plan === 'string')
  return typeof refusal === 'string'
    ? refusal
    : applySplices(text, plans.filter((plan) => typeof plan !== 'string').flat())
}

test.for<[what: string, text: string, edits: Edit[], expected: string]>([
  [
    'a new map stands before the containers, and their comment stays with them',
    'spec:\n  # the web server\n  containers:\n    - image: a:1 # tag\n',
    SELECTOR,
    'spec:\n  nodeSelector:\n    shop.nodeseed.dev/0123: seeded\n  # the web server\n  containers:\n    - image: a:1 # tag\n',
  ],
  [
    'a map that is there gets a key',
    'spec:\n  nodeSelector:\n    disk: ssd  # fast\n  containers: []\n',
    SELECTOR,
    'spec:\n  nodeSelector:\n    shop.nodeseed.dev/0123: seeded\n    disk: ssd  # fast\n  containers: []\n',
  ],
  [
    'a value is replaced in its quotes',
    'spec:\n  nodeSelector: {\'shop.nodeseed.dev/0123\': "old"}\n',
    SELECTOR,
    'spec:\n  nodeSelector: {\'shop.nodeseed.dev/0123\': "seeded"}\n',
  ],
  [
    'a flow map gets a key in front',
    'spec:\n  nodeSelector: {disk: ssd}\n',
    SELECTOR,
    'spec:\n  nodeSelector: {shop.nodeseed.dev/0123: seeded, disk: ssd}\n',
  ],
  [
    'an empty flow map too',
    'spec:\n  nodeSelector: {}\n',
    SELECTOR,
    'spec:\n  nodeSelector: {shop.nodeseed.dev/0123: seeded}\n',
  ],
  [
    'a policy stands below its image, behind a comment on the line',
    'spec:\n  containers:\n  - image: "a:1" # tag\n    name: a\n',
    POLICY,
    'spec:\n  containers:\n  - image: "a:1" # tag\n    imagePullPolicy: Never\n    name: a\n',
  ],
  [
    'an image at the very end of the text',
    'spec:\n  containers:\n  - name: a\n    image: a:1',
    POLICY,
    'spec:\n  containers:\n  - name: a\n    image: a:1\n    imagePullPolicy: Never',
  ],
  [
    'an image is pinned in its quotes',
    "spec: {containers: [{image: 'a:1'}]}",
    PIN,
    "spec: {containers: [{image: 'a:1@sha256:00'}]}",
  ],
  [
    'Windows line ends stay',
    'spec:\r\n  containers:\r\n  - image: a:1\r\n',
    POLICY,
    'spec:\r\n  containers:\r\n  - image: a:1\r\n    imagePullPolicy: Never\r\n',
  ],
  [
    'JSON on several lines',
    '{\n  "spec": {\n    "containers": [\n      {\n        "image": "a:1"\n      }\n    ]\n  }\n}\n',
    [...SELECTOR, ...POLICY],
    '{\n  "spec": {\n    "nodeSelector": {"shop.nodeseed.dev/0123":"seeded"},\n    "containers": [\n      {\n        "imagePullPolicy": "Never",\n        "image": "a:1"\n      }\n    ]\n  }\n}\n',
  ],
  [
    'JSON on one line',
    '{"spec":{"containers":[{"image":"a:1"}]}}',
    POLICY,
    '{"spec":{"containers":[{"imagePullPolicy": "Never", "image":"a:1"}]}}',
  ],
  [
    'what an alias shares is left alone',
    'x: &spec {containers: [{image: a}]}\nspec: *spec\n',
    POLICY,
    'an alias shares this part with others',
  ],
])('%s', ([, text, edits, expected]) => {
  expect(edited(text, edits)).toBe(expected)
})
