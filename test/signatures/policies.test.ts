import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { globExpression, namesForGlobs } from '../../src/signatures/policy/image-glob.ts'
import { parsePolicies } from '../../src/signatures/policy/parse-policies.ts'
import { parseTrustedRoot } from '../../src/signatures/policy/trusted-root.ts'
import { ecKeys, pemOf } from '../support/der.ts'
import { OwnSigstore } from '../support/signature-maker.ts'
import { policyOf } from './signed-image.ts'

const PEM = pemOf(ecKeys().publicKey)
const IDENTITY = { issuer: 'https://ci.example', subject: 'https://ci.example/shop' }
const own = new OwnSigstore()
const trusted = parseTrustedRoot(own.trustedRoot(), 'root.json')

function parse(...texts: string[]) {
  return parsePolicies([{ file: 'policy.yaml', text: texts.join('\n---\n') }], trusted)
}

test('the policy that the page about signatures shows is one', async () => {
  const [, text = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(await readFile('docs/signatures.md', 'utf8')) ?? []
  const [policy] = parse(text).policies
  expect(policy).toMatchObject({
    name: 'shop',
    mode: 'enforce',
    authorities: [{ name: 'release' }, { name: 'pipeline' }],
  })
})

test.for<[glob: string, fits: string[], not: string[]]>([
  [
    'registry.example/shop/*',
    ['registry.example/shop/web:1', 'registry.example/shop/web'],
    ['registry.example/shop/a/b', 'xregistry.example/shop/web', 'registryxexample/shop/web'],
  ],
  ['registry.example/**', ['registry.example/a/b/c:1'], ['other.example/registry.example/a']],
  ['**', ['registry.example/a', 'docker.io/library/nginx:1'], []],
  ['*', ['docker.io/library/nginx:1'], ['docker.io/grafana/loki:1', 'registry.example/nginx']],
  ['*/*', ['docker.io/grafana/loki:1'], ['registry.example/a/b']],
  ['index.docker.io/library/nginx:1.*', ['docker.io/library/nginx:1.27'], ['docker.io/library/nginx:2']],
  ['docker.io/library/nginx:1.27', ['docker.io/library/nginx:1.27'], ['docker.io/library/nginx:1.271']],
])('%s', ([glob, fits, not]) => {
  const expression = globExpression(glob)
  const isFit = (name: string) => namesForGlobs([name]).some((one) => expression?.test(one))
  expect({ fits: fits.filter((name) => !isFit(name)), not: not.filter(isFit) }).toEqual({ fits: [], not: [] })
})

test.for<[why: string, authority: object, says: RegExp]>([
  [
    'a private key',
    { key: { data: ecKeys().privateKey.export({ type: 'pkcs8', format: 'pem' }) } },
    /data: is a private key/,
  ],
  ['a certificate', { key: { data: own.rootPem } }, /data: is not one PUBLIC KEY/],
  ['two keys', { key: { data: PEM + PEM } }, /data: is not one PUBLIC KEY/],
  ['a key of a KMS', { key: { kms: 'awskms:///x' } }, /kms: is not supported/],
  ['a key in a Secret', { key: { secretRef: { name: 'x' } } }, /secretRef: is not supported/],
  ['another hash', { key: { data: PEM, hashAlgorithm: 'md5' } }, /hashAlgorithm: has to be one of sha256/],
  [
    'a key and an identity',
    { key: { data: PEM }, keyless: { identities: [IDENTITY] } },
    /has to be one of key, keyless, static/,
  ],
  ['neither', { name: 'x' }, /has to be one of key, keyless, static/],
  ['no identity', { keyless: {} }, /identities: has to be a list/],
  ['a subject of anybody', { keyless: { identities: [{ issuer: 'x' }] } }, /has to say subject or subjectRegExp/],
  ['an issuer of anybody', { keyless: { identities: [{ subject: 'x' }] } }, /has to say issuer or issuerRegExp/],
  ['both at once', { keyless: { identities: [{ ...IDENTITY, subjectRegExp: '.*' }] } }, /there is an subject already/],
  ['no expression', { keyless: { identities: [{ issuer: 'x', subjectRegExp: '(' }] } }, /no regular expression/],
  [
    'one that leaves its brackets',
    { keyless: { identities: [{ issuer: 'x', subjectRegExp: 'a)|(?:.*' }] } },
    /no regular expression/,
  ],
  ['attestations', { key: { data: PEM }, attestations: [{ name: 'x' }] }, /attestations: is not supported/],
  ['signatures elsewhere', { key: { data: PEM }, source: [{ oci: 'x' }] }, /source: is not supported/],
  ['an action and a log', { static: { action: 'pass' }, ctlog: {} }, /ctlog: means nothing where static decides/],
  ['a program', { key: { data: PEM }, policy: { type: 'cue', data: 'x' } }, /policy: is not supported/],
  ['a field that nobody knows', { key: { data: PEM }, keyles: {} }, /keyles: is not supported/],
  ['an action that is none', { static: { action: 'maybe' } }, /action: has to be one of pass, fail/],
  [
    'a trust root that is not there',
    { keyless: { identities: [IDENTITY], trustRootRef: 'x' } },
    /no TrustRoot of that name/,
  ],
])('refused, with file and line: %s', ([, authority, says]) => {
  expect(() => parse(policyOf(authority))).toThrow(says)
  expect(() => parse(policyOf(authority))).toThrow(/^policy\.yaml:1: /)
})

const POLICY_JSON = policyOf({ key: { data: PEM } })
const POLICY = `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: shop}
spec:
  images: [{glob: '**'}]
  mode: warn
  authorities: [{static: {action: fail}}]
`

test.for<[why: string, text: string, says: RegExp]>([
  [
    'no policy',
    'kind: TrustRoot\napiVersion: policy.sigstore.dev/v1alpha1\nmetadata: {name: x}\nspec: {sigstoreKeys: {}}',
    /no ClusterImagePolicy/,
  ],
  [
    'a key twice',
    POLICY.replace('mode: warn', 'mode: enforce\n  mode: warn'),
    /policy.yaml:7: the key mode stands twice/,
  ],
  ['a key twice, in JSON', POLICY_JSON.replace('"spec":', '"spec":{},"spec":'), /spec stands twice|key stands twice/],
  [
    'a policy twice',
    `${POLICY}---\n${POLICY}`,
    /policy.yaml:\d+: metadata.name: ClusterImagePolicy shop is there twice/,
  ],
  [
    'an authority twice',
    POLICY_JSON.replace('"authorities":[', '"authorities":[{"name":"authority-1","static":{"action":"fail"}},'),
    /authorities: there is an authority authority-1 already/,
  ],
  [
    'an item that is no object',
    JSON.stringify({ kind: 'List', items: [JSON.parse(POLICY_JSON), {}] }),
    /not every item/,
  ],
  [
    'a setting of the controller that nobody knows',
    `${POLICY}---\n{kind: ConfigMap, apiVersion: v1, metadata: {name: config-policy-controller}, data: {no-match: allow}}`,
    /no-match: is not supported/,
  ],
  ['another object', 'kind: Pod\napiVersion: v1\nmetadata: {name: x}', /Pod x is no policy/],
  ['no object', 'a: 1', /not a Kubernetes object/],
  ['an unknown mode', policyOf({ key: { data: PEM } }, { mode: 'off' }), /mode: has to be one of enforce, warn/],
  ['a pattern that is none', policyOf({ key: { data: PEM } }, { glob: '[a-z]+' }), /glob: is no pattern/],
  [
    'a condition on resources',
    policyOf({ key: { data: PEM } }).replace('"authorities"', '"match":[],"authorities"'),
    /match: is not supported/,
  ],
])('refused: %s', ([, text, says]) => {
  expect(() => parse(text)).toThrow(says)
})

test('without a trusted root an identity cannot be asked for', () => {
  const text = policyOf({ keyless: { identities: [IDENTITY] } })
  expect(() => parsePolicies([{ file: 'policy.yaml', text }], undefined)).toThrow(/which authorities are trusted/)
})

test.for([
  'not JSON',
  '{}',
  '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  own.trustedRoot().replace(/"rawBytes":"MII/, '"rawBytes":"AAA'),
  own.trustedRoot().replace('"tlogs":', '"tlogs":[],"tlogs":'),
])('no trusted root: %s', (text) => {
  expect(() => parseTrustedRoot(text, 'root.json')).toThrow(/^root\.json: /)
})

test('a trust root of keys, as text or as a cluster stores it, is what a policy may name', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const root = (encode: (text: string) => string) =>
    JSON.stringify({
      ...{ apiVersion: 'policy.sigstore.dev/v1alpha1', kind: 'TrustRoot', metadata: { name: 'own' } },
      spec: {
        sigstoreKeys: {
          certificateAuthorities: [{ uri: 'https://ca.example', certChain: encode(own.rootPem) }],
          tLogs: [{ baseURL: 'https://log.example', hashAlgorithm: 'sha-256', publicKey: encode(own.logKey) }],
        },
      },
    })
  const keyless = { identities: [IDENTITY], trustRootRef: 'own', insecureIgnoreSCT: true }
  const policy = policyOf({ keyless, ctlog: { trustRootRef: 'own' } })
  for (const encode of [base64, (text: string) => text]) {
    const [
      {
        authorities: [authority],
      } = { authorities: [] },
    ] = parse(root(encode), policy).policies
    expect(authority).toMatchObject({ needsLog: true, trust: { tlogs: [{ baseURL: 'https://log.example' }] } })
  }
})

test('what becomes of an image that no policy covers is what the settings of the controller say; denied without them', () => {
  const policy = policyOf({ key: { data: PEM } })
  const settings = (data: object) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config-policy-controller' }, data })
  expect(parse(policy).noMatch).toBe('deny')
  expect(parse(policy, settings({ 'no-match-policy': 'warn' })).noMatch).toBe('warn')
  expect(() => parse(policy, settings({ 'no-match-policy': 'perhaps' }))).toThrow(/no-match-policy/)
})
