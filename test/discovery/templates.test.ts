import { expect, test } from 'vitest'
import { scanDocument } from '../../src/discovery/scan.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { scanText } from '../support/scan-text.ts'

const A = 'registry.example.com/x/a:1'

interface Told {
  readonly open: readonly string[]
  readonly possible: readonly string[]
}

function toldOf(text: string): Told {
  const resource = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { 't.yaml': text } }
  const scans = readAllDocuments(JSON.stringify(resource), 'a.json').map((document) => scanDocument(document))
  const findings = scans.flatMap((scan) => scan.findings.filter(({ code }) => code === 'IMAGE_UNRESOLVED'))
  const quoted = (message: string) => JSON.parse(/the image (".*") is not/.exec(message)?.[1] ?? '""') as string
  return {
    open: findings.map(({ message }) => quoted(message)),
    possible: scans.flatMap(({ uses }) => uses.map(({ reference, confidence }) => `${confidence} ${reference}`)),
  }
}

const TEMPLATES: readonly (readonly [template: string, possible: readonly string[]])[] = [
  [`{{ .Values.image | default "${A}" }}`, [A]],
  [`{{ default '${A}' .Values.image }}`, [A]],
  ['{{ printf "%s:%s" "registry.example.com/x/a" .Tag }}', []],
  ['{{ include "x.image" . }}', []],
  [`{{ if .X }}${A}{{ else }}{{ .Y }}{{ end }}`, [A]],
  [`{% if x %}${A}{% endif %}`, [A]],
  ["{{ image | default('x') }}", []],
  ['<% image %>', []],
  ['<%= ENV["IMAGE"] %>', []],
  ['[[ image ]]', []],
  ['((image))', []],
  ['((team/image))', []],
  ['#{image}#', []],
]

test.for(TEMPLATES)('a template that is not filled in: image: %s', ([template, possible]) => {
  for (const lines of ['containers:\n- name: x\n  image: ', '- image: ', 'x:\n  sidecarImage: ']) {
    const { open, possible: found } = toldOf(`${lines}${template}\n`)
    expect(open).toEqual([template])
    expect(found).toEqual(possible.map((image) => `possible ${image}`))
  }
})

const PANEL = { targets: [{ expr: 'up{image=~"$image"}' }], image: '$image' }

test.for<[what: string, value: object, open: string[]]>([
  ['a panel', PANEL, []],
  ['a dashboard', { title: 'x', schemaVersion: 39, panels: [PANEL, { image: '${image}' }] }, []],
  ['a dashboard with a template of its own', { panels: [{ image: '$REGISTRY/x:1' }], title: 'x' }, ['$REGISTRY/x:1']],
  ['what is no dashboard', { panels: 3, image: '$image' }, ['$image']],
])('variables of %s', ([, value, open]) => {
  expect(toldOf(JSON.stringify(value)).open).toEqual(open)
})

test('what ytt puts in the place of an image is not complete, and no empty image', () => {
  const { findings } = scanText(
    'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: #@ data.values.image\n',
  )
  expect(findings.map(({ code, line }) => [code, line])).toEqual([['IMAGE_UNRESOLVED', 6]])
})
