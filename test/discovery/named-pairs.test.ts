import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const custom = (spec: string) => `apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: x}\nspec: ${spec}\n`

test.for<[text: string, images: string[]]>([
  [custom('{runner: {name: quay.io/t/n, tag: v1}}'), ['quay.io/t/n:v1 likely']],
  [custom('{runner: {name: r.example/t/n, tag: v1}}'), ['r.example/t/n:v1 likely']],
  [custom('{runner: {name: quay.io/t/n, tag: 1}}'), ['quay.io/t/n:1 likely']],
  [custom('{parts: [{name: quay.io/t/n, newTag: "2"}]}'), ['quay.io/t/n:2 likely']],
  [custom('{parts: [{name: a, newName: quay.io/t/n, newTag: "2"}]}'), ['quay.io/t/n:2 likely']],
  [
    custom(`{runner: {name: quay.io/t/n, digest: "sha256:${'ab'.repeat(32)}"}}`),
    [`quay.io/t/n@sha256:${'ab'.repeat(32)} likely`],
  ],
  [custom('{runner: {name: quay.io/t/n, version: "1"}}'), ['quay.io/t/n:1 possible']],
  [custom('{runner: {name: t/n, tag: v1}}'), []],
  [custom('{runner: {name: github.com/t/n, tag: v1}}'), []],
  [custom('{runner: {name: quay.io/t/n, tag: "a b"}}'), []],
  ['[{"name": "quay.io/t/n", "tag": "1"}, "quay.io/t/m:1"]', ['quay.io/t/n:1 likely', 'quay.io/t/m:1 likely']],
  ['web: {image: {repository: quay.io/t/n, tag: ""}}', ['quay.io/t/n possible']],
  ['web: {image: {repository: quay.io/t/n}}', ['quay.io/t/n possible']],
  ['web: {repository: quay.io/t/n}', []],
])('%s names %j', ([text, images]) => {
  const { uses } = scanText(text)
  expect(uses.map(({ reference, confidence }) => `${reference} ${confidence}`)).toEqual(images)
})
