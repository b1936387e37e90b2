import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')
const POD = 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: c, image: "r.example/x/y:1"}\n'
const SECRET_IN_TEXT = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Secret',
  data: { 'pod.yaml': base64(POD) },
})

function scanned(kind: string, rest: object) {
  const { uses, findings } = scanText(JSON.stringify({ apiVersion: 'v1', kind, metadata: { name: 's' }, ...rest }))
  return { found: uses.map(({ reference, confidence }) => [reference, confidence]), uses, findings }
}

test.for<[what: string, kind: string, rest: object]>([
  ['a pod as text', 'Secret', { stringData: { 'pod.yaml': POD } }],
  ['a variable', 'Secret', { stringData: { SIDECAR_IMAGE: 'r.example/x/y:1' } }],
  ['an environment file', 'Secret', { stringData: { '.env': 'A=1\nSIDECAR_IMAGE=r.example/x/y:1\n' } }],
  ['a resource set', 'Secret', { type: 'addons.cluster.x-k8s.io/resource-set', stringData: { a: POD } }],
  ['an encoded resource set', 'Secret', { type: 'addons.cluster.x-k8s.io/resource-set', data: { a: base64(POD) } }],
  ['an encoded pod', 'Secret', { data: { 'pod.yaml': base64(POD) } }],
  ['an encoded variable', 'Secret', { data: { SIDECAR_IMAGE: base64('r.example/x/y:1') } }],
  ['encoded parts', 'Secret', { data: { IMAGE_REPOSITORY: base64('r.example/x/y'), IMAGE_TAG: base64('1') } }],
  ['base64 in lines', 'Secret', { data: { 'pod.yaml': base64(POD).replace(/.{40}/g, '$&\n') } }],
  ['an encoded secret in a secret', 'Secret', { data: { 'secret.json': base64(SECRET_IN_TEXT) } }],
  ['a secret in a ConfigMap', 'ConfigMap', { data: { 'secret.json': SECRET_IN_TEXT } }],
  ['binary data that is text', 'ConfigMap', { binaryData: { 'pod.yaml': base64(POD) } }],
  ['a secret in a list', 'List', { items: [{ apiVersion: 'v1', kind: 'Secret', data: { 'p.yaml': base64(POD) } }] }],
])('%s in a %s names its image', ([, kind, rest]) => {
  expect(scanned(kind, rest).found).toEqual([['r.example/x/y:1', 'likely']])
})

test.for<[what: string, rest: object]>([
  ['bytes that are no text', { data: { image: base64(Buffer.from([0xff, 0xfe, 0x2f, 0x61, 0x3a, 0x31])) } }],
  ['a password', { data: { password: base64('Pa/ss:w0rd'), user: base64('admin') } }],
  ['an address with a password', { stringData: { url: 'postgres://u:p@db.example/x:1' } }],
  [
    'pull credentials',
    {
      type: 'kubernetes.io/dockerconfigjson',
      data: {
        '.dockerconfigjson': base64(
          JSON.stringify({ auths: { 'https://r.example/x/y': { username: 'u', password: 'p', auth: base64('u:p') } } }),
        ),
      },
    },
  ],
  [
    'a certificate',
    { type: 'kubernetes.io/tls', data: { 'tls.crt': base64('-----BEGIN CERTIFICATE-----\nMIIB/a:1+x==\n-----END') } },
  ],
  ['a token', { stringData: { token: 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzL3gifQ.c2ln' } }],
])('%s of a Secret is no image', ([, rest]) => {
  expect(scanned('Secret', rest)).toMatchObject({ found: [], findings: [] })
})

test('an image of encoded data is told at the line of its key', () => {
  const { uses } = scanText(`apiVersion: v1\nkind: Secret\ndata:\n  a: YQ==\n  pod.yaml: ${base64(POD)}\n`)
  expect(uses).toMatchObject([{ reference: 'r.example/x/y:1', line: 5 }])
})

test('nothing of a Secret is told but the image', () => {
  const text = `password: hunter2\n${POD}`
  const told = JSON.stringify(scanned('Secret', { stringData: { a: text }, data: { b: base64(text) } }))
  expect(told).toContain('r.example/x/y:1')
  expect(told).not.toContain('hunter2')
})
