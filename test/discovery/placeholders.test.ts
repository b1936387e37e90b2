import { expect, test } from 'vitest'
import { scanDocument } from '../../src/discovery/scan.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'

const VARS = new Map([['REG', 'registry.example.com/x']])

function scan(text: string, vars = new Map<string, string>()) {
  const scans = readAllDocuments(text, 'test.yaml').map((document) => scanDocument(document, { vars }))
  return {
    images: scans.flatMap(({ uses }) =>
      uses.filter(({ confidence }) => confidence !== 'possible').map(({ reference }) => reference),
    ),
    open: scans.flatMap(({ findings }) => findings.filter(({ code }) => code === 'IMAGE_UNRESOLVED')),
  }
}

/** Spellings of "the registry stands elsewhere". */
const SPELLINGS = [
  '${REG}',
  '${{REG}}',
  '$REG',
  '$(REG)',
  '%{REG}',
  '{{REG}}',
  '{{ .Values.REG }}',
  '[[ .REG ]]',
  '#{REG}#',
  '<REG>',
  '@@REG@@',
  '@REG@',
  '__REG__',
  '%REG%',
  '###ZARF_VAR_REG###',
  '###REG###',
  '<< inputs.REG >>',
]

const inPod = (fields: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, ${fields}}]}\n`
const inThing = (spec: string) => `apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: t}\nspec: ${spec}\n`
const inMap = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  ${data}\n`

/** Places in which an image waits for a value; `AT` stands for the placeholder. */
const PLACES: readonly [where: string, text: string][] = [
  ['the image of a container', inPod("image: 'AT/a:1'")],
  ['a flag', inPod(`image: "b:1", args: ['--side-image=AT/a:1']`)],
  ['a flag and its value', inPod(`image: "b:1", command: [run, --side-image, 'AT/a:1']`)],
  ['a variable', inPod(`image: "b:1", env: [{name: SIDE_IMAGE, value: 'AT/a:1'}]`)],
  ['parts in variables', inPod(`image: "b:1", env: [{name: SIDE_IMAGE, value: 'AT/a'}, {name: SIDE_TAG, value: "1"}]`)],
  ['a field', inThing("{image: 'AT/a:1'}")],
  ['a field of another name', inThing("{sidecarImage: 'AT/a:1'}")],
  ['a list', inThing("{images: ['AT/a:1']}")],
  ['the name of an image', inThing("{image: {name: 'AT/a:1'}}")],
  ['a repository', inThing(`{image: {repository: 'AT/a', tag: "1"}}`)],
  ['a registry', inThing(`{image: {registry: 'AT', repository: a, tag: "1"}}`)],
  ['a key of a ConfigMap', inMap("SIDE_IMAGE: 'AT/a:1'")],
  ['properties', inMap('app.properties: |\n    side.image=AT/a:1')],
  ['YAML in a ConfigMap', inMap("app.yaml: |\n    side: {image: 'AT/a:1'}")],
  ['JSON in a ConfigMap', inMap(`app.json: '{"image": "AT/a:1"}'`)],
]

test.for(PLACES.flatMap(([where, text]) => SPELLINGS.map((spelling) => [where, spelling, text] as const)))(
  'in %s, %s is told, or filled in',
  ([, spelling, text]) => {
    const written = text.replace('AT', () => spelling)
    const { images, open } = scan(written)
    expect(images.filter((image) => image !== 'b:1')).toEqual([])
    expect(open.map(({ message }) => message)).toEqual([expect.stringContaining(`"${spelling}/a:1" is not complete`)])
    expect(scan(written, VARS)).toEqual({ images: expect.arrayContaining(['registry.example.com/x/a:1']), open: [] })
  },
)

test.for<[why: string, text: string, told: string]>([
  ['a tag', inThing(`{image: {repository: quay.io/x/a, tag: '<VERSION>'}}`), 'quay.io/x/a:<VERSION>'],
  ...['{{ .Values.tag }}', '<< inputs.tag >>'].map((tag): [string, string, string] => [
    `the tag ${tag} of a flag`,
    inPod(`image: "b:1", args: ['--side-image=r.example/a:${tag}']`),
    `r.example/a:${tag}`,
  ]),
  [
    'a pipe',
    inMap(
      `a.yaml: |\n    kind: Pod\n    spec: {containers: [{name: c, image: 'r.example/a:<< inputs.tag | quote >>'}]}`,
    ),
    'r.example/a:<< inputs.tag | quote >>',
  ],
  ['a tag in a reference', inPod("image: 'quay.io/x/a:<VERSION>'"), 'quay.io/x/a:<VERSION>'],
  ['the whole', inPod("image: '$APP_IMAGE'"), '$APP_IMAGE'],
  ['a word that stands for it', inPod('image: "b:1", env: [{name: SIDE_IMAGE, value: REPLACE_ME}]'), 'REPLACE_ME'],
  ['an expression', inThing(`{image: '{{ include "x.image" . }}'}`), '{{ include \\"x.image\\" . }}'],
])('%s that is left open is told', ([, text, told]) => {
  expect(scan(text).open.map(({ message }) => message)).toEqual([expect.stringContaining(`"${told}"`)])
})

test.for<[why: string, text: string, images: string[]]>([
  ['a default', inThing("{image: '${REG:-quay.io/x}/a:1'}"), ['quay.io/x/a:1']],
  [
    'a variable of the same pod',
    inPod(`image: "b:1", args: ['--side-image=$(REG)/a:1'], env: [{name: REG, value: quay.io/x}]`),
    ['b:1', 'quay.io/x/a:1'],
  ],
  [
    'a parameter of a template',
    `apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: t}
parameters: [{name: REG, value: quay.io/x}, {name: VERSION, value: "2"}]
objects:
  - {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: "\${REG}/a:\${VERSION}"}]}}
`,
    ['quay.io/x/a:2'],
  ],
])('%s fills a placeholder in', ([, text, images]) => {
  expect(scan(text)).toEqual({ images, open: [] })
})

test.for<[why: string, text: string]>([
  ['prose', inThing("{description: 'use <REG>/a:1'}")],
  ['what is no image', inThing("{host: '${HOST}', url: 'https://%{HOST}/a'}")],
  ['a repository of source', inThing("{repository: '${GIT}/a', branch: main}")],
])('%s waits for no image', ([, text]) => {
  expect(scan(text)).toEqual({ images: [], open: [] })
})

test.for<[image: string, isOpen: boolean]>([
  ['{registry}/a:1', true],
  ['registry.example.com/a:{VERSION}', true],
  ['!REG!/a:1', true],
  ['registry.example.com/a:[TAG]', true],
  ['registry.example.com/a/TAG', true],
  ['ko://registry.example.com/a', true],
  ['https://example.com/{size}/a.png', false],
  ['/images/{size}.png', false],
  ['a sentence with {this} and/or that', false],
])('an image of a custom resource that is no reference yet: %s', ([image, isOpen]) => {
  expect(scan(inThing(`{image: ${JSON.stringify(image)}}`)).open.length).toBe(isOpen ? 1 : 0)
})
