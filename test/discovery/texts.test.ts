import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const found = (text: string) =>
  scanText(text)
    .uses.filter(({ confidence }) => confidence !== 'possible')
    .map(({ reference, line }) => `${line} ${reference}`)

const script = (line: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  run.sh: |\n    #!/bin/sh\n    ${line}\n    # image\n`

test.for<[line: string, images: string[]]>([
  ['crictl pull x.io/a/b:1', ['7 x.io/a/b:1']],
  ['crictl --runtime-endpoint unix:///run/x.sock pull x.io/a/b:1', ['7 x.io/a/b:1']],
  ['docker run --rm -v /a:/b -p 80:80 nginx:1.27 nginx -g daemon', ['7 nginx:1.27']],
  ['sudo podman run --name x quay.io/a/b:2 && echo x.io/c:1', ['7 quay.io/a/b:2']],
  ['ctr -n k8s.io images pull --all-platforms "x.io/a/b:1"', ['7 x.io/a/b:1']],
  ['kubectl -n x set image deployment/web web=x.io/a/b:3 side=x.io/a/c:4', ['7 x.io/a/b:3', '7 x.io/a/c:4']],
  ['docker run $IMAGE', []],
  ['docker push x.io/a/b:1', []],
  ['apptainer pull x.sif docker://x.io/a/b:1', ['7 x.io/a/b:1']],
  ['singularity exec --bind /a:/b docker://x.io/a/b:1 run', ['7 x.io/a/b:1']],
  ['singularity exec b.sif run', []],
  ['enroot import docker://x.io#a/b:1', ['7 x.io/a/b:1']],
  ['echo docker is fun', []],
])('a script with: %s', ([line, images]) => {
  expect(found(script(line))).toEqual(images)
})

const settings = (lines: string) => inText(`a.ini: |\n${lines.replace(/^/gm, '    ')}`)
const inText = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  ${data}\n`

test.for<[why: string, lines: string, images: string[]]>([
  ['a section', '[worker]\nrepository = x.io/a/b\ntag = 1', ['7 x.io/a/b:1']],
  ['two sections', '[a]\nimage = a/b\ntag = 1\n[b]\nimage = a/c\ntag = 2', ['7 a/b:1', '10 a/c:2']],
  ['two of one name', '[[a]]\nimage = "a/b"\ntag = "1"\n[[a]]\nimage = "a/c"\ntag = "2"', ['7 a/b:1', '10 a/c:2']],
  [
    'a table in one line',
    'web = { repository = "a/b", tag = "1" }\ndb { image = "a/c", version = "2" }',
    ['6 a/b:1', '7 a/c:2'],
  ],
  ['a package in one line', 'x = { name = "example.com/a/b", version = "1.2" }', []],
  ['no section', 'image.repository=x.io/a/b\nimage.tag=1', ['6 x.io/a/b:1']],
  ['an empty line', 'repository=x.io/a/b\ntag=1\n\nrepository=x.io/a/c\ntag=2', ['6 x.io/a/b:1', '9 x.io/a/c:2']],
  ['a word that both begin with', 'base_image.repository=x.io/a/b\ntag=1', ['6 x.io/a/b:1']],
  ['all parts', 'REGISTRY=x.io\nIMAGE=a/b\nTAG=1', ['7 x.io/a/b:1']],
  [
    'a chart in a program',
    'values = [<<-Y\nimage:\n  repository: x.io/a/b\n  tag: "1"\nY\n]\nset {\n  tag = 2\n}',
    ['8 x.io/a/b:1'],
  ],
  ['what is taken from elsewhere', 'image = var.image\nside_image = local.side', []],
  ['a package', '[package]\nname = "a"\nversion = "1.0"\nrepository = "https://x.io/a/b"', []],
])('settings with %s', ([, lines, images]) => {
  expect(found(settings(lines))).toEqual(images)
})

const xml = (line: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  c.xml: |\n    <c>\n    ${line}\n    </c>\n`

test.for<[line: string, images: string[]]>([
  ['<image>x.io/a/b:1</image>', ['7 x.io/a/b:1']],
  ['<sidecarImage> x.io/a/b:1 </sidecarImage>', ['7 x.io/a/b:1']],
  ['<component name="a" image="x.io/a/b:1"/>', ['7 x.io/a/b:1']],
  ['<image><repository>x.io/a/b</repository><tag>1</tag></image>', ['7 x.io/a/b:1']],
  ['<image><tag>1</tag><repository>a/b</repository></image>', ['7 a/b:1']],
  ['<version>1.2</version><repository>x.io/a/b</repository>', []],
  ['<property><name>runtime.image</name><value>x.io/a/b:1</value></property>', ['7 x.io/a/b:1']],
  ['<property><name>runtime.place</name><value>/etc/x</value></property>', []],
  ['<img src="x.png"/>', []],
])('XML with: %s', ([line, images]) => {
  expect(found(xml(line))).toEqual(images)
})

test('annotations that name an image and its version are one image', () => {
  const text = `apiVersion: x.example/v1
kind: Engine
metadata:
  name: e
  annotations:
    x.example/proxy-image: x.io/a/proxy
    x.example/proxy-version: v1.4
spec: {}
`
  expect(found(text)).toEqual(['6 x.io/a/proxy:v1.4'])
})

test.for<[spec: string, images: string[]]>([
  ['{predictor: {model: {storageUri: "oci://x.io/m/a:1"}}}', ['4 x.io/m/a:1']],
  ['{predictor: {model: {storageUri: "oci+native://x.io/m/a:1"}}}', ['4 x.io/m/a:1']],
  ['{predictor: {model: {storageUris: [{uri: "oci://x.io/m/a:1"}, {uri: "s3://b/c"}]}}}', ['4 x.io/m/a:1']],
  ['{model: {uri: "oci://x.io/m/a:1"}}', ['4 x.io/m/a:1']],
  ['{model: {uri: "hf://google/x"}}', []],
])('models that are images: %s', ([spec, images]) => {
  const kind = spec.startsWith('{model') ? 'LLMInferenceService' : 'InferenceService'
  expect(found(`apiVersion: serving.kserve.io/v1beta1\nkind: ${kind}\nmetadata: {name: m}\nspec: ${spec}\n`)).toEqual(
    images,
  )
})
