import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { ecKeys, type KeyPair, pemOf, spki } from '../support/der.ts'
import { keyBundle, legacySignature, payloadOf, signBytes } from '../support/signature-maker.ts'
import { policyOf, SignedImage } from './signed-image.ts'

const OTHER = `sha256:${'0'.repeat(64)}`
const keys = ecKeys()
const policy = policyOf({ name: 'release', key: { data: pemOf(keys.publicKey) } })
const name = 'registry.example/shop/web'

const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const P521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PKCS1 = RSA.publicKey.export({ type: 'pkcs1', format: 'pem' })

/** A key, as it stands in the policy, the hash that the policy names, and which are signed with: beside the image, in a bundle. */
const KINDS: Record<string, [pair: KeyPair, data: object, legacy?: string, bundle?: string]> = {
  'ECDSA P-256': [ecKeys(), {}],
  'ECDSA P-384': [P384, {}],
  'ECDSA P-384, as cosign 3 hashes': [P384, {}, 'sha256', 'sha384'],
  'ECDSA P-384, with its own hash': [P384, { hashAlgorithm: 'sha384' }, 'sha384', 'sha384'],
  'ECDSA P-521': [P521, {}],
  'ECDSA P-521, as cosign 3 hashes': [P521, {}, 'sha256', 'sha512'],
  'RSA 2048': [RSA, {}],
  'RSA 2048, in the form of PKCS#1': [RSA, { data: PKCS1 }],
  'RSA 2048, with SHA-512': [RSA, { hashAlgorithm: 'sha512' }, 'sha512', 'sha512'],
  ed25519: [generateKeyPairSync('ed25519'), {}],
}

test.for(Object.entries(KINDS))('a signature with %s counts, in both forms', async ([, [pair, key, ...hashes]]) => {
  const asked = policyOf({ key: { data: pemOf(pair.publicKey), ...key } })
  const by = { key: digestOf(spki(pair.publicKey)) }
  const legacy = new SignedImage()
  legacy.legacy(legacySignature({ digest: legacy.digest, name }, pair.privateKey, hashes[0]))
  const [{ target: manifest } = { target: legacy.image.target }] = legacy.attachments
  expect(await legacy.check(asked)).toEqual({
    signatures: [{ policy: 'shop', authority: 'authority-0', by, manifest: manifest.digest }],
    ...{ codes: [], why: '' },
  })
  const bundled = new SignedImage()
  bundled.bundles(keyBundle({ digest: bundled.digest }, pair, hashes[1]))
  expect((await bundled.check(asked)).signatures).toMatchObject([{ by }])
})

test.for([
  ['P-256', ecKeys(), 'sha384'],
  ['P-384', P384, 'sha512'],
  ['RSA', RSA, 'sha512'],
] as const)(
  'a hash that neither the policy names nor the kind of key has does not count: %s',
  async ([, pair, hash]) => {
    const image = new SignedImage()
    image.bundles(keyBundle({ digest: image.digest }, pair, hash))
    image.legacy(legacySignature({ digest: image.digest, name }, pair.privateKey, hash))
    expect((await image.check(policyOf({ key: { data: pemOf(pair.publicKey) } }))).codes).toEqual(['SIGNATURE_INVALID'])
  },
)

test.for<[why: string, attach: (image: SignedImage) => unknown, code: string, says: RegExp]>([
  ['nothing attached', () => {}, 'SIGNATURE_MISSING', /there is no signature of sha256/],
  [
    'another key',
    (image) => image.legacy(legacySignature({ digest: image.digest }, ecKeys().privateKey)),
    'SIGNATURE_INVALID',
    /signature verification failed/,
  ],
  [
    'another key, as a bundle',
    (image) => image.bundles(keyBundle({ digest: image.digest }, ecKeys())),
    'SIGNATURE_INVALID',
    /signature verification failed/,
  ],
  [
    'the signature of another image',
    (image) => image.legacy(legacySignature({ digest: OTHER }, keys.privateKey)),
    'SIGNATURE_INVALID',
    /it signs sha256:0000\S+, and not this image/,
  ],
  [
    'the bundle of another image',
    (image) => image.bundles(keyBundle({ digest: OTHER }, keys)),
    'SIGNATURE_INVALID',
    /it signs sha256:0000\S+, and not this image/,
  ],
  [
    'the payload of this image with the signature over another',
    (image) => {
      const { annotations } = legacySignature({ digest: OTHER }, keys.privateKey)
      return image.legacy({ payload: payloadOf({ digest: image.digest }), annotations })
    },
    'SIGNATURE_INVALID',
    /signature verification failed/,
  ],
  [
    'a payload that signs something other than an image',
    (image) => image.legacy(legacySignature({ digest: image.digest, type: 'a release note' }, keys.privateKey)),
    'SIGNATURE_INVALID',
    /what is signed is no image/,
  ],
  [
    'a statement of the right key that is an SBOM',
    (image) => image.bundles(keyBundle({ digest: image.digest, predicateType: 'https://spdx.dev/Document' }, keys)),
    'SIGNATURE_MISSING',
    /there is no signature/,
  ],
  [
    'a payload that is not JSON',
    (image) => {
      const payload = Buffer.from('not JSON')
      const text = signBytes(payload, keys.privateKey).toString('base64')
      return image.legacy({ payload, annotations: { 'dev.cosignproject.cosign/signature': text } })
    },
    'SIGNATURE_INVALID',
    /JSON/,
  ],
  [
    'a signature that is not base64 in its one spelling',
    (image) => {
      const { payload, annotations } = legacySignature({ digest: image.digest }, keys.privateKey)
      const text = annotations['dev.cosignproject.cosign/signature']?.replace(/=*$/, '!')
      return image.legacy({ payload, annotations: { 'dev.cosignproject.cosign/signature': `${text}` } })
    },
    'SIGNATURE_INVALID',
    /no base64/,
  ],
  [
    'a manifest that is none',
    (image) => image.manifest({ schemaVersion: 2, layers: 'many' }),
    'SIGNATURE_INVALID',
    /neither an image manifest nor an index/,
  ],
  [
    'an index in place of a signature',
    (image) =>
      image.manifest({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] }),
    'SIGNATURE_MISSING',
    /there is no signature/,
  ],
  [
    'a signature of notation, of which nobody here can tell',
    (image) =>
      image.manifest({
        ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
        config: image.blob(Buffer.from('{}'), 'application/vnd.cncf.notary.signature'),
        layers: [image.blob(Buffer.from('{}'), 'application/jose+json')],
        subject: image.image.target,
      }),
    'SIGNATURE_INVALID',
    /it is signed with notation, which is not judged here/,
  ],
  [
    'a bundle that is none',
    (image) => image.bundles({ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' }),
    'SIGNATURE_INVALID',
    /invalid bundle/,
  ],
  [
    'a registry that does not say what is attached',
    (image) => image.problems.push(new Error('registry.example: 503')),
    'SIGNATURE_INVALID',
    /registry.example: 503/,
  ],
])('refused: %s', async ([, attach, code, says]) => {
  const image = new SignedImage()
  attach(image)
  const { signatures, codes, why } = await image.check(policy)
  expect({ signatures, codes }).toEqual({ signatures: [], codes: [code] })
  expect(why).toMatch(says)
})

test('a right one among wrong ones counts, also behind them', async () => {
  const image = new SignedImage()
  const other = ecKeys()
  image.bundles(keyBundle({ digest: image.digest }, other), { mediaType: 'x' })
  image.legacy(
    legacySignature({ digest: OTHER, name }, keys.privateKey),
    legacySignature({ digest: image.digest, name }, other.privateKey),
    legacySignature({ digest: image.digest, name }, keys.privateKey),
  )
  expect(await image.check(policy)).toMatchObject({ codes: [], signatures: [{ authority: 'release' }] })
})

test('a hundred signatures are looked at, and not one more', async () => {
  const image = new SignedImage()
  const wrong = Array.from({ length: 100 }, () => legacySignature({ digest: OTHER }, keys.privateKey))
  image.legacy(...wrong, legacySignature({ digest: image.digest }, keys.privateKey))
  const { codes, why } = await image.check(policy)
  expect({ codes, why }).toEqual({ codes: ['SIGNATURE_INVALID'], why: expect.stringContaining('more than 100') })
})

test('a layer that says to be larger than any signature is not read', async () => {
  const image = new SignedImage()
  const config = image.blob(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json')
  const { payload, annotations } = legacySignature({ digest: image.digest }, keys.privateKey)
  const layer = {
    ...image.blob(payload, 'application/vnd.dev.cosign.simplesigning.v1+json'),
    annotations,
    size: 2 ** 40,
  }
  image.manifest({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layer] })
  expect((await image.check(policy)).why).toContain('larger than a signature')
})

test('a signature that was made for another name is told, and one for this name is preferred', async () => {
  const image = new SignedImage()
  const elsewhere = legacySignature({ digest: image.digest, name: 'registry.example/shop/debug' }, keys.privateKey)
  image.legacy(elsewhere)
  expect((await image.check(policy)).signatures).toMatchObject([{ signedAs: 'registry.example/shop/debug' }])
  // A lock may say more names, under each of which nodes would have it.
  const renamed = new SignedImage()
  renamed.image = { ...renamed.image, names: [...renamed.image.names, 'registry.example/shop/db:1'] }
  renamed.legacy(legacySignature({ digest: renamed.digest, name }, keys.privateKey))
  expect((await renamed.check(policy)).signatures).toMatchObject([{ signedAs: name }])
  image.attachments.length = 0
  image.legacy(elsewhere, legacySignature({ digest: image.digest, name }, keys.privateKey))
  expect((await image.check(policy)).signatures[0]).not.toHaveProperty('signedAs')
})

test('a signature of a manifest that an index lists is none of the index, and that is said', async () => {
  const image = new SignedImage()
  image.manifest({}, image.blob(Buffer.from('child'), 'application/vnd.oci.image.manifest.v1+json'))
  expect(await image.check(policy)).toMatchObject({
    codes: ['SIGNATURE_MISSING'],
    why: expect.stringContaining('only of manifests that it lists'),
  })
})
