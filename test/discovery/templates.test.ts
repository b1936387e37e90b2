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

const RELEASE = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: "{{ name }}"}
spec: {chart: {spec: {chart: web, version: "{{ version }}"}}}
`
const CHART = 'installs the chart web {{ version }}, whose images are not known here'

test.for<[what: string, file: string, text: string, said: [line: number, message: string][]]>([
  ['what a resource installs', 'r.yaml.j2', RELEASE, [[4, CHART]]],
  [
    'the second document',
    'r.yaml.tpl',
    `{{ if .x }}\na: {{ .y }}\n{{ end }}\n---\n${RELEASE.replaceAll('{{', '{{ .')}`,
    [[8, CHART.replace('{{', '{{ .')]],
  ],
  [
    'a resource with logic in it',
    'c.yaml.j2',
    '{% if db %}\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec:\n  instances: {{ n }}\n{% endif %}\n',
    [[3, 'an operator chooses images for PostgreSQL']],
  ],
  [
    'a helmfile',
    'helmfile.yaml.gotmpl',
    'releases:\n{{- range .x }}\n- name: a\n  chart: r/{{ .chart }}\n  version: {{ .v | quote }}\n{{- end }}\n',
    [[4, 'installs the chart r/{{ .chart }} {{ .v | quote }}']],
  ],
  ['built-in resources', 'r.yaml.j2', 'apiVersion: v1\nkind: Service\nmetadata: {name: "{{ x }}"}\n', []],
])('%s in a template that is not filled in is told', ([, file, text, said]) => {
  const { findings } = scanDocument({ form: 'text', file, line: 1, text, isFound: true })
  expect(findings.map(({ line }) => line)).toEqual(said.map(([line]) => line))
  expect(findings.map(({ message }) => message)).toEqual(said.map(([, one]) => expect.stringContaining(one)))
})
