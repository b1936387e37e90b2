import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const POD = 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: r.example/t/a:1\n    name: a\n'
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
const packed = (text: string) => base64(gzipSync(text))
const json = (value: object) => JSON.stringify(value)

const file = (encoding: string, content: string) =>
  json({
    apiVersion: 'bootstrap.cluster.x-k8s.io/v1beta1',
    kind: 'KubeadmConfig',
    metadata: { name: 'x' },
    spec: { files: [{ path: '/etc/kubernetes/manifests/a.yaml', encoding, content }] },
  })
const ignition = (source: string) =>
  json({
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'MachineConfig',
    metadata: { name: 'x' },
    spec: { config: { storage: { files: [{ path: '/x', contents: { source } }] } } },
  })
const secret = (data: object, more: object = {}) =>
  json({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data, ...more })
const release = (labels?: object) => {
  const content = json({
    manifest: `---\n${POD}`,
    hooks: [{ manifest: POD.replace('a:1', 'hook:1') }],
    chart: { values: { image: 'r.example/t/no:1' } },
  })
  return secret({ release: base64(packed(content)) }, { type: 'helm.sh/release.v1', metadata: { name: 'x', labels } })
}

test.for<[what: string, text: string, images: string[]]>([
  ['base64 in a file of a node', file('base64', base64(POD)), ['r.example/t/a:1 likely']],
  ['base64 that is one word', file('base64', Buffer.from(POD).toString('base64url')), ['r.example/t/a:1 likely']],
  ['gzip and base64 there', file('gzip+base64', packed(POD)), ['r.example/t/a:1 likely']],
  ['the same in words of cloud-init', file('gz+b64', packed(POD)), ['r.example/t/a:1 likely']],
  ['an encoding that nobody knows', file('rot13', base64(POD)), []],
  ['bytes that are no text', file('base64', base64(Buffer.from([0xff, 0xfe, 0]))), []],
  ['a broken archive', file('gzip+base64', base64(Buffer.from([0x1f, 0x8b, 1, 2]))), []],
  [
    'a data address in base64',
    ignition(`data:text/plain;charset=utf-8;base64,${base64('podman run r.example/t/a:1')}`),
    ['r.example/t/a:1 likely'],
  ],
  ['one with percent signs', ignition('data:,podman%20run%20r.example%2Ft%2Fa%3A1'), ['r.example/t/a:1 likely']],
  ['one that is compressed', ignition(`data:;base64,${packed(POD)}`), ['r.example/t/a:1 likely']],
  ['one that is a picture', ignition(`data:image/png;base64,${base64('podman run r.example/t/a:1')}`), []],
  ['one inside another', ignition('data:,data:,podman%20run%20r.example/t/a:1'), []],
  ['gzip in a Secret', secret({ 'a.yaml.gz': packed(POD) }), ['r.example/t/a:1 likely']],
  ['a release of helm', release(), ['r.example/t/a:1 likely', 'r.example/t/hook:1 likely']],
  ['an earlier one', release({ status: 'superseded' }), ['r.example/t/a:1 possible', 'r.example/t/hook:1 possible']],
])('%s is read', ([, text, images]) => {
  expect(scanText(text).uses.map(({ reference, confidence }) => `${reference} ${confidence}`)).toEqual(images)
})

const configMap = (key: string, text: string) =>
  json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { [key]: text } })

test.for<[key: string, text: string, images: string[]]>([
  ['dag.py', "KubernetesPodOperator(image='r.example/t/a:1', name='x')", ['r.example/t/a:1']],
  ['dag.py', "import x\nKubernetesPodOperator(\n  image='r.example/t/a:1', name='x')\n", ['r.example/t/a:1']],
  ['Jenkinsfile', "pipeline { agent { docker { image 'r.example/t/a:1' } } }", ['r.example/t/a:1']],
  ['x.lua', 'local image = "r.example/t/a:1"', ['r.example/t/a:1']],
  ['x.xml', '<image>quay.io/t/a:1</image>', ['quay.io/t/a:1']],
  ['Dockerfile', 'FROM --platform=linux/amd64 r.example/t/a:1 AS build\nRUN x\n', ['r.example/t/a:1']],
  ['config.toml', '[[runners.kubernetes.services]]\n  name = "docker:dind"\n', ['docker:dind']],
  ['x.py', "image = 'unknown'", []],
  ['x.py', "title = 'r.example/t/a'", []],
])('%s with %s may name %j', ([key, text, images]) => {
  const { uses } = scanText(configMap(key, text))
  expect(uses.map(({ reference, confidence }) => `${reference} ${confidence}`)).toEqual(
    images.map((reference) => `${reference} possible`),
  )
})
