import { expect, test } from 'vitest'
import { isImageList } from '../../src/discovery/classify/listed-lines.ts'
import { scanDocument } from '../../src/discovery/scan.ts'
import { readDocuments } from '../../src/kubernetes/documents/document.ts'

function scan(text: string, vars: Record<string, string> = {}) {
  const options = { vars: new Map(Object.entries(vars)) }
  const scans = Array.from(readDocuments(text, 'f.yaml'), (document) => scanDocument(document, options))
  return { uses: scans.flatMap(({ uses }) => uses), findings: scans.flatMap(({ findings }) => findings) }
}

const likely = (text: string) =>
  scan(text)
    .uses.filter(({ confidence }) => confidence !== 'possible')
    .map(({ reference, line }) => `${line} ${reference}`)

test.for<[what: string, text: string, images: string[]]>([
  ['a JSON patch', '- op: replace\n  path: /spec\n  value:\n    image: x.io/a/b:1\n', ['4 x.io/a/b:1']],
  ['a JSON patch of one container list', '- op: add\n  path: /c\n  value: [{name: c, image: "a/b:1"}]\n', ['3 a/b:1']],
  [
    'a strategic merge patch',
    'spec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: a/b:1\n',
    ['6 a/b:1'],
  ],
  ['values', 'image:\n  registry: x.io\n  repository: a/b\n  tag: "1"\n', ['3 x.io/a/b:1']],
  [
    'values of components',
    'web:\n  image: {repository: a/b, tag: v1}\ndb:\n  livenessProbe: {repository: a/c, tag: v2}\n',
    ['2 a/b:v1', '4 a/c:v2'],
  ],
  ['a file of a tool', 'helm:\n  values:\n    image: {repository: a/b, tag: 3.0.1}\n', ['3 a/b:3.0.1']],
  [
    'a list of skopeo sync',
    `x.io:\n  images:\n    a/b: ["1.0", "2"]\n    c: ["sha256:${'a'.repeat(64)}"]\n  tls-verify: false\n`,
    ['3 x.io/a/b:1.0', '3 x.io/a/b:2', `4 x.io/c@sha256:${'a'.repeat(64)}`],
  ],
  ['a list of images', '- nginx:1.27\n- x.io/a/b:1\n', ['1 nginx:1.27', '2 x.io/a/b:1']],
  ['a list of images in JSON', '["nginx:1.27", "x.io/a/b:1"]', ['1 nginx:1.27', '1 x.io/a/b:1']],
  [
    'a text in a text',
    'data:\n  config: |\n    containers:\n    {{- range }}\n    - image: x.io/a/b:1\n    {{- end }}\n',
    ['5 x.io/a/b:1'],
  ],
  ['a compose file', 'services:\n  web:\n    image: nginx:1.27\n', []],
  ['a pipeline', 'on: push\njobs:\n  a: {container: {image: "node:22"}}\n', []],
  ['settings', 'a: 1\nb: {c: d}\n', []],
])('a document without a kind: %s', ([, text, images]) => {
  expect(likely(text)).toEqual(images)
})

test('a document without a kind whose image keys say nothing is left out, and said', () => {
  expect(scan('image: NO IMAGE\nother: x\n').findings).toMatchObject([
    { code: 'DOCUMENT_WITHOUT_KIND', file: 'f.yaml', line: 1 },
  ])
  expect(scan('a: 1\n').findings).toEqual([])
})

test.for<[text: string, line: number | undefined]>([
  ['image:\n  tag: "2.0"\n', 2],
  ['web:\n  image: {pullPolicy: Always, tag: 2.1}\n', 2],
  ['imageTag: "2.0"\n', 1],
  ['global: {imageRegistry: x.io}\n', 1],
  ['a: {image: {repository: x.io/a, tag: "1"}}\nb: {image: {tag: "2"}}\n', 2],
  ['- image: {digest: "sha256:1"}\n', 1],
  ['global: {imageRegistry: x.io}\na: {image: {repository: a, tag: "1"}}\n', undefined],
  ['image: {tag: "${TAG}"}\n', 1],
  ['variables: {IMAGE_TAG: $CI_COMMIT_SHA}\nbuild: {script: [make]}\n', undefined],
  ['a: {image: {repository: x.io/a}}\n', undefined],
  ['image: {name: x.io/a, tag: "1"}\n', undefined],
  ['web: {image: x.io/a, imageTag: "1"}\n', undefined],
  ['image: {tag: "", pullPolicy: Always}\ntag: "1"\nversion: 2\n', undefined],
])('%j says a part of an image alone at line %s', ([text, line]) => {
  const parts = scan(text).findings.filter(({ code }) => code === 'DOCUMENT_WITHOUT_KIND')
  expect(parts.map((part) => part.line)).toEqual(line === undefined ? [] : [line])
})

const pod = (image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: ${JSON.stringify(image)}\n`
const env = (value: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: a:1\n    env:\n    - {name: X_IMAGE, value: ${JSON.stringify(value)}}\n`
const config = (text: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  f.yaml: |\n    ${text}\n`
const custom = (spec: string) => `apiVersion: x.example/v1\nkind: Engine\nmetadata: {name: e}\nspec: ${spec}\n`

test.for<[text: string, line: number, severity: string]>([
  [pod('${REGISTRY}/x:1'), 7, 'error'],
  [pod('$(IMAGE)'), 7, 'error'],
  [pod('{{ .Values.image }}'), 7, 'error'],
  [pod('x/y:%{VERSION}'), 7, 'error'],
  [env('$X'), 9, 'warning'],
  [env('${REGISTRY}/x:1'), 9, 'warning'],
  [env('%{PREFIX}%x:1'), 9, 'warning'],
  [config('image: ${REGISTRY}/x:1'), 6, 'warning'],
  [config('image: "{{ .Values.image }}"\n    {{ if x }}'), 6, 'warning'],
  [custom('{image: "${REGISTRY}/x:1"}'), 4, 'warning'],
  [custom('{sidecarImage: "{{ printf x }}"}'), 4, 'warning'],
])('%s has an image whose name is not complete', ([text, line, severity]) => {
  expect(scan(text).findings).toMatchObject([{ code: 'IMAGE_UNRESOLVED', line, severity }])
})

test.for<[text: string, vars: Record<string, string>, image: string]>([
  [pod('${REGISTRY}/x:1'), { REGISTRY: 'r.io' }, 'r.io/x:1'],
  [env('$X'), { X: 'r.io/x:1' }, 'r.io/x:1'],
  [env('%{PREFIX}%x:1'), { PREFIX: 'r.io/' }, 'r.io/x:1'],
  [config('image: ${REGISTRY}/x:${TAG:-7}'), { REGISTRY: 'r.io' }, 'r.io/x:7'],
  [custom('{image: "r.io/x:{{ .Values.tag }}"}'), { tag: '2' }, 'r.io/x:2'],
])('%s with %j', ([text, vars, image]) => {
  const { uses, findings } = scan(text, vars)
  expect(uses.map(({ reference }) => reference)).toContain(image)
  expect(findings.filter(({ code }) => code === 'IMAGE_UNRESOLVED')).toEqual([])
})

test('the parameters of a template fill in what its objects name, with their policy', () => {
  const text = `apiVersion: template.openshift.io/v1
kind: Template
parameters: [{name: REGISTRY, value: r.io}, {name: TAG, value: "2"}, {name: OPEN}]
objects:
- apiVersion: v1
  kind: Pod
  spec: {containers: [{name: c, image: "\${REGISTRY}/x:\${TAG}", imagePullPolicy: Never}, {name: d, image: "\${OPEN}/y"}]}
`
  const { uses, findings } = scan(text)
  expect(uses).toMatchObject([{ reference: 'r.io/x:2', policy: 'Never', container: 'c', line: 7 }])
  expect(findings).toMatchObject([{ code: 'IMAGE_UNRESOLVED', message: expect.stringContaining('${OPEN}/y') }])
})

test.for<[text: string, isList: boolean]>([
  ['nginx:1.27\nredis:7\n', true],
  ['# ours\n\nregistry.example.org/a/b:1  # pinned\r\n', true],
  ['nginx\n', true],
  ['x.io/a:1\nx.io/b@sha256:nonsense\n', true],
  ['a: nginx:1.27\n', false],
  ['- nginx:1.27\n', false],
  ['["nginx:1.27"]', false],
  ['apiVersion: v1\nkind: Pod\n', false],
  ['Just some words\nand more of them\n', false],
  ['', false],
])('%j is a list of images: %s', ([text, isList]) => {
  expect(isImageList(text)).toBe(isList)
})

test.for<[tool: string, text: string]>([
  ['Ansible', '- hosts: all\n  tasks:\n  - kubernetes.core.helm: {name: a, chart_ref: repo/redis}\n'],
  ['Pulumi', 'resources: {a: {type: "kubernetes:helm.sh/v3:Release", properties: {chart: repo/redis}}}\n'],
])('a chart that %s installs is told', ([, text]) => {
  expect(scan(text).findings).toMatchObject([
    { code: 'CHART_ELSEWHERE', message: expect.stringContaining('chart repo/redis') as string },
  ])
})

test('charts that a helmfile installs from elsewhere are told', () => {
  const text =
    'releases:\n- {name: a, chart: bitnami/redis, version: 18.1.0}\n- {name: b, chart: ./charts/b}\n- {name: c}\n'
  expect(scan(text).findings).toMatchObject([
    { code: 'CHART_ELSEWHERE', line: 2, message: expect.stringContaining('chart bitnami/redis 18.1.0') as string },
  ])
})

test('manifests that Talos fetches for its cluster are told', () => {
  const text =
    'cluster:\n  extraManifests: ["https://x.example/a.yaml"]\n  network: {cni: {name: custom, urls: ["https://x.example/b.yaml"]}}\n'
  expect(scan(text).findings).toMatchObject([
    { code: 'MANIFESTS_ELSEWHERE', line: 2, message: expect.stringContaining('https://x.example/a.yaml') as string },
    { code: 'MANIFESTS_ELSEWHERE', line: 3, message: expect.stringContaining('https://x.example/b.yaml') as string },
  ])
})
