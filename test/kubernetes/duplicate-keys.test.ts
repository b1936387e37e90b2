import { expect, test } from 'vitest'
import { scanDocument } from '../../src/discovery/scan.ts'
import { readAllDocuments, readDocuments } from '../../src/kubernetes/documents/document.ts'

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n'

function twice(text: string): string[] {
  const scans = readAllDocuments(text, 'a.yaml').map((document) => scanDocument(document))
  const told = scans.flatMap(({ findings }) => findings.filter(({ code }) => code === 'KEY_TWICE'))
  return told.map(({ message, line }) => `${line}: ${/the key (\S+)/.exec(message)?.[1]}`)
}

test.for<[what: string, text: string, told: string[]]>([
  [
    'lists',
    `${HEAD}spec:\n  containers:\n  - image: a:1\n  initContainers: []\n  containers :\n  - image: b:1\n`,
    ['5: containers'],
  ],
  [
    'lists that are deeper',
    `${HEAD}spec:\n  containers:\n    - image: a:1\n  containers:\n    - image: b:1\n`,
    ['5: containers'],
  ],
  ['whole specs', `${HEAD}spec:\n  containers: [{image: a:1}]\nspec:\n  containers: [{image: b:1}]\n`, ['4: spec']],
  ['images', `${HEAD}spec:\n  containers:\n  - name: a\n    image: a:1\n    image: b:1\n`, ['7: image']],
  ['images in quotes', `${HEAD}spec:\n  containers:\n  - image: a:1\n    "image": b:1\n`, ['6: image']],
  ['images on one line', `${HEAD}spec:\n  containers:\n  - {image: a:1, image: b:1}\n`, ['6: image']],
  [
    'images of flow style on two lines',
    `${HEAD}spec:\n  containers:\n  - {name: c, image: a:1,\n     image: b:1}\n`,
    ['6: image'],
  ],
  [
    'images with a map between them',
    `${HEAD}spec: {containers: [{image: "a:1", ports: [{containerPort: 80}], image: "b:1"}]}\n`,
    ['4: image'],
  ],
  [
    'JSON on one line',
    '{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"a:1"}],"containers":[{"image":"b:1"}]}}',
    ['1: containers'],
  ],
  ['specs of flow style', '{apiVersion: v1, kind: Pod, spec: {containers: [{image: a}]}, spec: {}}\n', ['1: spec']],
  [
    'flow style without any',
    `${HEAD}spec: {containers: [{image: a, env: []}], initContainers: [{image: b, env: []}]}\n`,
    [],
  ],
  [
    'JSON',
    '{\n  "apiVersion": "v1",\n  "kind": "Pod",\n  "spec": {\n    "containers": [\n      {"image": "a:1"}\n    ],\n    "containers": []\n  }\n}\n',
    ['5: containers'],
  ],
  ['keys without images', `${HEAD}spec:\n  nodeName: a\n  nodeName: b\n  containers:\n  - image: a:1\n`, []],
  [
    'keys of several items',
    `${HEAD}spec:\n  containers:\n  - name: a\n    image: a:1\n  - name: b\n    image: b:1\n  - image: c:1\n`,
    [],
  ],
  [
    'items of JSON',
    '{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "a:1"}, {"image": "b:1"}]}}',
    [],
  ],
  ['lines of a text', `apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    image: a:1\n    image: b:1\n`, []],
  [
    'lines of a text in quotes',
    `apiVersion: v1\nkind: ConfigMap\ndata:\n  a: "x\n    image: a:1\n    image: b:1"\n`,
    [],
  ],
])('a key that stands twice: %s', ([, text, told]) => {
  expect(twice(text)).toEqual(told)
})

test.for<[what: string, text: string, read: unknown]>([
  ['the last counts', 'a: 1\nb: 2\na: 3\n', { a: 3, b: 2 }],
  ['the last counts in a map that others share', 'a: &x {b: 1, b: 2}\nc: *x\n', { a: { b: 2 }, c: { b: 2 } }],
  ['what a merge brings is no second', 'a: &x {b: 1}\nc: {<<: *x, b: 2}\n', { a: { b: 1 }, c: { b: 2 } }],
  ['a fault behind it is told', 'a: 1\na: 2\nb: ]\n', '3: bad indentation of a mapping entry'],
])('a key that stands twice: %s', ([, text, read]) => {
  const documents = Array.from(readDocuments(text, 'f'), (one) =>
    one.form === 'broken' ? `${one.line}: ${one.problem}` : one.value,
  )
  expect(documents).toEqual([read])
})
