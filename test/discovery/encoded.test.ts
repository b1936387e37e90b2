import { gzipSync, zstdCompressSync } from 'node:zlib'
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

/** One file of a tar, as ustar has it. */
function tarOf(name: string, text: string, size = text.length): Buffer {
  const header = Buffer.alloc(512)
  const put = (value: string, at: number) => header.write(value, at, 'latin1')
  put(name, 0)
  put(size.toString(8).padStart(11, '0'), 124)
  put('0', 156)
  put('ustar\0', 257)
  const content = Buffer.alloc(Math.ceil(text.length / 512) * 512)
  content.write(text)
  return Buffer.concat([header, content, Buffer.alloc(1024)])
}

/** The directory of a zip with one name, behind the beginning of its only file. */
function zipOf(name: string, { isWhole = true } = {}): Buffer {
  const entry = Buffer.alloc(46)
  entry.write('PK\x01\x02', 'latin1')
  entry.writeUInt16LE(name.length, 28)
  return Buffer.concat([Buffer.from('PK\x03\x04data', 'latin1'), ...(isWhole ? [entry, Buffer.from(name)] : [])])
}

const binary = (bytes: Buffer) =>
  json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, binaryData: { a: base64(bytes) } })

test.for<[what: string, bytes: Buffer]>([
  ['zstd', zstdCompressSync(POD)],
  ['tar', tarOf('a.yaml', POD)],
  ['tar in gzip', gzipSync(tarOf('x/a.yml', POD))],
  ['tar in zstd', zstdCompressSync(tarOf('a.json', POD))],
])('what is packed with %s is unpacked', ([, bytes]) => {
  for (const text of [secret({ a: base64(bytes) }), binary(bytes), file('base64', base64(bytes))]) {
    const { uses, findings } = scanText(text)
    expect(uses.map(({ reference }) => reference)).toEqual(['r.example/t/a:1'])
    expect(findings).toEqual([])
  }
})

const whole = gzipSync(POD.repeat(50))

test.for<[what: string, bytes: Buffer, why: string]>([
  ['gzip that is cut', whole.subarray(0, 60), 'cannot be unpacked: its gzip is broken'],
  ['zstd that is cut', zstdCompressSync(POD.repeat(50)).subarray(0, 40), 'cannot be unpacked: its zstd is broken'],
  ['gzip of too much', gzipSync(Buffer.alloc(9_000_000)), 'unpacks to more than 8 MB'],
  ['a tar that is cut', tarOf('a.yaml', POD, 100_000), 'cannot be unpacked: its tar is broken'],
  ['xz', Buffer.from('fd377a585a0000', 'hex'), 'is packed with xz, which is not read'],
  ['bzip2', Buffer.from('BZh91AY'), 'is packed with bzip2, which is not read'],
  ['lz4', Buffer.from('04224d186040', 'hex'), 'is packed with lz4, which is not read'],
  ['a zip of manifests', zipOf('x/pod.yaml'), 'is a zip that holds manifests, which is not read'],
  ['a zip without its directory', zipOf('x', { isWhole: false }), 'is a zip whose directory cannot be read'],
])('%s is said, with its key', ([, bytes, why]) => {
  const places = { Secret: secret({ a: base64(bytes) }), ConfigMap: binary(bytes) }
  for (const [kind, text] of Object.entries(places)) {
    const at = kind === 'Secret' ? 'data.a' : 'binaryData.a'
    expect(scanText(text).findings).toMatchObject([{ code: 'VALUE_NOT_READ', message: `${kind} x: ${at} ${why}` }])
  }
  const inFile = scanText(file('base64', base64(bytes))).findings
  expect(inFile).toMatchObject([{ code: 'VALUE_NOT_READ', message: `KubeadmConfig x: content ${why}` }])
  const inAddress = scanText(ignition(`data:;base64,${base64(bytes)}`)).findings
  expect(inAddress.map(({ message }) => message)).toEqual([expect.stringContaining(`contents.source ${why}`)])
})

test.for<[what: string, text: string]>([
  ['an encoding that nobody knows', file('rot13', base64(POD))],
  ['a value that no cluster keeps', secret({ a: 'A'.repeat(1_600_000) })],
])('%s is said', ([, text]) => {
  expect(scanText(text).findings.map(({ code }) => code)).toEqual(['VALUE_NOT_READ'])
})

test.for<[what: string, text: string]>([
  ['bytes of a key store', secret({ a: base64(Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2])) })],
  ['a zip of classes', binary(zipOf('META-INF/a.class'))],
  ['a picture', ignition(`data:image/png;base64,${base64(Buffer.from([0x1f, 0x8b]))}`)],
  ['a text as it is', file('utf-8', 'hello world')],
])('nothing is said of %s', ([, text]) => {
  expect(scanText(text).findings).toEqual([])
})
