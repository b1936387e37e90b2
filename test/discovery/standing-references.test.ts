import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  c: |\n'
const map = (text: string) => HEAD + text.replace(/^/gm, '    ')
const said = (text: string, isSure: boolean) =>
  scanText(map(text))
    .uses.filter(({ confidence }) => (confidence !== 'possible') === isSure)
    .map(({ reference, line }) => `${line - 5} ${reference}`)

const A = 'x.io/a/b:1.2'
const B = 'y.io:5000/c/d@sha256:0123456789012345678901234567890123456789012345678901234567890123'

test.for<[what: string, text: string, sure: string[], unsure?: string[]]>([
  ['a list', `- ${A}\n- ${B}`, [`1 ${A}`, `2 ${B}`]],
  ['a list in quotes, with comments', `# ours\n- "${A}"\n\n- '${B}'`, [`2 ${A}`, `4 ${B}`]],
  ['lines', `${A}\n${B}`, [`1 ${A}`, `2 ${B}`]],
  ['a list that is about something else too', `- ${A}\n- words, and ${B}`, [], [`1 ${A}`, `2 ${B}`]],
  ['TOML', `a = 1\nimages = ["${A}", "${B}"]`, [`2 ${A}`, `2 ${B}`]],
  ['TOML in lines', `images = [\n  "${A}",\n  "${B}",\n]\nx = 1`, [`2 ${A}`, `3 ${B}`]],
  ['TOML under another name', `allowed = ["${A}"]`, [], [`1 ${A}`]],
  ['a table of TOML', '[web.image]\nrepository = "x.io/a/b"\ntag = "1.2"', [`2 ${A}`]],
  ['a table that is about something else', '[web]\nrepository = "x.io/a/b"\n[db]\nversion = "1.2"', []],
  ['a table in braces', `services = [{name = "${A}"}]`, [], [`1 ${A}`]],
  ['INI', `[x]\nimages = ${A} ${B}`, [`2 ${A}`, `2 ${B}`]],
  ['properties that go on', `images=${A},\\\n  ${B}\nother=x`, [`1 ${A}`, `2 ${B}`]],
  ['a setting without a sign', `image ${A};`, [`1 ${A}`]],
  ['a program', `#!/bin/sh\necho ${A}`, [], [`2 ${A}`]],
  ['a program that makes it', `#!/bin/sh\ndocker build . --tag=${A}\ndocker push ${A}\necho ${A}`, []],
  ['addresses', 'a = ["https://x.io/a/b:1.2", "x.io:80"]\nb = http://x.io/a', []],
  ['a comment', `a = 1\n# ${A}`, []],
])('references in %s', ([, text, sure, unsure = []]) => {
  expect(said(text, true)).toEqual(sure)
  expect(said(text, false)).toEqual(unsure)
})

test('values of one line are values', () => {
  const found = scanText(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  v: "image: {repository: x.io/a/b, tag: \'1.2\'}"\n',
  )
  expect(found.uses.map(({ reference, confidence }) => [reference, confidence])).toEqual([[A, 'likely']])
})

test.for<[data: string, images: string[]]>([
  ['{model: "oci://x.io/a/b:1.2"}', ['x.io/a/b:1.2']],
  ['{model: "oci://x.io/a/b"}', []],
  ['{model: "oci:///a/b:1"}', []],
])('what is in a registry, and may be no image, is told: %s', ([data, images]) => {
  const { uses } = scanText(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: ${data}\n`)
  expect(uses.map(({ reference }) => reference)).toEqual(images)
  expect(uses.every(({ confidence }) => confidence === 'possible')).toBe(true)
})
