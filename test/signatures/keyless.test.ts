import { expect, test } from 'vitest'
import { ecKeys, pemOf } from '../support/der.ts'
import { ENTRY_KINDS, type EntryKind } from '../support/log-body.ts'
import {
  type KeylessBundle,
  type KeylessOptions,
  type LegacySignature,
  legacySignature,
  OwnSigstore,
} from '../support/signature-maker.ts'
import { policyOf, SignedImage } from './signed-image.ts'

const DAY = 24 * 60 * 60_000
const now = new Date('2026-11-27T12:00:00Z')
const before = (days: number, minutes = 0) => new Date(now.getTime() - days * DAY + minutes * 60_000)
const own = new OwnSigstore({ from: before(400), to: before(-400) })
const other = new OwnSigstore({ from: before(400), to: before(-400) })
const root = own.trustedRoot()
const from = before(1)
const name = 'registry.example/shop/web'
const IDENTITY = { issuer: 'https://ci.example', subject: 'https://ci.example/shop/web' }

const DIGEST = new SignedImage().digest
const withMaterial = (bundle: KeylessBundle, more: object) => {
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, ...more } }
}
const withEntry = (bundle: KeylessBundle, more: object) => {
  return withMaterial(bundle, {
    tlogEntries: bundle.verificationMaterial.tlogEntries.map((entry) => ({ ...entry, ...more })),
  })
}

const asked = (keyless: object = {}, more: object = {}) =>
  policyOf({ name: 'ci', keyless: { identities: [IDENTITY], insecureIgnoreSCT: true, ...keyless }, ...more })

const sign = (image: SignedImage, keyless: KeylessOptions = {}, by = own) =>
  by.legacy({ digest: image.digest, name }, { from, ...keyless })

test('a certificate for the identity, seen by the log while it held, counts long after, with the time of the log', async () => {
  const image = new SignedImage()
  image.legacy(sign(image, { loggedAt: before(1, 5) }))
  const { signatures, codes } = await image.check(asked(), { root, now })
  expect(codes).toEqual([])
  expect(signatures).toMatchObject([{ authority: 'ci', by: IDENTITY, time: '2026-11-26T12:05:00Z' }])
})

const without = ({ payload, annotations }: LegacySignature, part: string): LegacySignature => {
  return {
    payload,
    annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.endsWith(part))),
  }
}

test.for<[why: string, make: (image: SignedImage) => LegacySignature, says: RegExp]>([
  [
    'a certificate that had expired when the log saw it',
    (image) => sign(image, { loggedAt: before(1, 11) }),
    /not valid or expired/,
  ],
  ['one that did not hold yet', (image) => sign(image, { loggedAt: before(1, -1) }), /not valid or expired/],
  [
    'another subject',
    (image) => sign(image, { subject: 'https://ci.example/shop/web2' }),
    /it is by https:\/\/ci\.example\/shop\/web2/,
  ],
  [
    'another issuer',
    (image) => sign(image, { issuer: 'https://ci.example.org' }),
    /it is by .*\(https:\/\/ci\.example\.org\)/,
  ],
  ['another certificate authority', (image) => sign(image, {}, other), /certificate path/],
  ['a certificate for servers', (image) => sign(image, { use: '1.3.6.1.5.5.7.3.1' }), /not one for signing code/],
  ['no log', (image) => without(sign(image), '/bundle'), /no transparency log has seen it/],
  ['no certificate', (image) => without(sign(image), '/certificate'), /without a certificate/],
  ['a key', (image) => legacySignature({ digest: image.digest }, ecKeys().privateKey), /without a certificate/],
  [
    'a time in the future',
    (image) => sign(image, { from: before(-10), loggedAt: before(-10, 5) }),
    /dated in the future/,
  ],
  [
    'the log entry of another signature',
    (image) => {
      const [one, two] = [sign(image), sign(image)]
      const bundle = two.annotations['dev.sigstore.cosign/bundle'] ?? ''
      return { ...one, annotations: { ...one.annotations, 'dev.sigstore.cosign/bundle': bundle } }
    },
    /signature mismatch/,
  ],
  [
    'a log entry with another time',
    (image) => {
      const { payload, annotations } = sign(image, { loggedAt: before(1, 11) })
      const entry = JSON.parse(annotations['dev.sigstore.cosign/bundle'] ?? '')
      entry.Payload.integratedTime -= 600
      return { payload, annotations: { ...annotations, 'dev.sigstore.cosign/bundle': JSON.stringify(entry) } }
    },
    /inclusion promise could not be verified/,
  ],
  [
    'the certificate of another one',
    (image) => {
      const [one, two] = [sign(image), sign(image)]
      const certificate = two.annotations['dev.sigstore.cosign/certificate'] ?? ''
      return { ...one, annotations: { ...one.annotations, 'dev.sigstore.cosign/certificate': certificate } }
    },
    /signature verification failed/,
  ],
  [
    'a certificate that is none',
    (image) => {
      const { payload, annotations } = sign(image)
      return { payload, annotations: { ...annotations, 'dev.sigstore.cosign/certificate': 'none' } }
    },
    /PEM/,
  ],
  [
    'a log entry that is none',
    (image) => {
      const { payload, annotations } = sign(image)
      return { payload, annotations: { ...annotations, 'dev.sigstore.cosign/bundle': '{"Payload":[]}' } }
    },
    /not made as cosign makes/,
  ],
  // The eighth bit of a byte is what a reader of ASCII drops: é is read as i there.
  [
    'a subject with letters that are read as others',
    (image) => sign(image, { subject: Buffer.from('https://c\xe9.example/shop/web', 'latin1') }),
    /letters that are not ASCII/,
  ],
  [
    'an issuer with such letters',
    (image) => sign(image, { issuer: Buffer.from('https://c\xe9.example', 'latin1') }),
    /letters that are not ASCII/,
  ],
])('refused: %s', async ([, make, says]) => {
  const image = new SignedImage()
  image.legacy(make(image))
  const { signatures, codes, why } = await image.check(asked(), { root, now })
  expect({ signatures, codes }).toEqual({ signatures: [], codes: ['SIGNATURE_INVALID'] })
  expect(why).toMatch(says)
})

test('a bundle with certificate and proof counts too, with the time that the log has signed', async () => {
  const image = new SignedImage()
  image.bundles(own.bundle({ digest: image.digest }, { from, loggedAt: before(1, 5) }))
  const { signatures, codes, why } = await image.check(asked(), { root, now })
  expect({ codes, why }).toEqual({ codes: [], why: '' })
  expect(signatures).toMatchObject([{ by: IDENTITY, time: '2026-11-26T12:05:00Z' }])
})

test.for<[why: string, change: (bundle: KeylessBundle, other: KeylessBundle) => object, says: RegExp]>([
  ['expired', () => own.bundle({ digest: DIGEST }, { from, loggedAt: before(1, 11) }), /not valid or expired/],
  [
    'another identity',
    () => own.bundle({ digest: DIGEST }, { from, subject: 'https://ci.example/other' }),
    /it is by https:\/\/ci\.example\/other/,
  ],
  ['another image', () => own.bundle({ digest: `sha256:${'0'.repeat(64)}` }, { from }), /and not this image/],
  [
    'provenance instead',
    () => own.bundle({ digest: DIGEST, predicateType: 'https://slsa.dev/provenance/v1' }, { from }),
    /no signature/,
  ],
  ['another log and authority', () => other.bundle({ digest: DIGEST }, { from }), /certificate path|inclusion/],
  ['no log', (bundle) => withMaterial(bundle, { tlogEntries: [] }), /no transparency log has seen it/],
  [
    'the certificate of another',
    (bundle, { verificationMaterial: { certificate } }) => withMaterial(bundle, { certificate }),
    /signature verification failed/,
  ],
  [
    'the entry of another',
    (bundle, { verificationMaterial: { tlogEntries } }) => withMaterial(bundle, { tlogEntries }),
    /signature mismatch/,
  ],
  [
    'a proof without a promise, whose time nobody signed',
    (bundle) => withEntry(bundle, { inclusionPromise: undefined }),
    /says no time/,
  ],
  [
    'a time that the log did not sign',
    (bundle) => withEntry(bundle, { integratedTime: String(before(1, 3).getTime() / 1000) }),
    /inclusion promise could not be verified/,
  ],
  [
    'a proof of another tree',
    (bundle) =>
      withEntry(bundle, {
        inclusionProof: {
          logIndex: '0',
          rootHash: '',
          treeSize: '1',
          hashes: [],
          checkpoint: { envelope: 'log\n1\nAAAA\n\n\u2014 log AAAAAAAAAA\n' },
        },
      }),
    /checkpoint/,
  ],
])('a bundle does not count: %s', async ([, change, says]) => {
  const image = new SignedImage()
  const [one, two] = [own.bundle({ digest: DIGEST }, { from }), own.bundle({ digest: DIGEST }, { from })]
  image.bundles(change(one, two))
  const { codes, why } = await image.check(asked(), { root, now })
  expect(codes).toHaveLength(1)
  expect(why).toMatch(says)
})

/** A certificate that somebody else had the same signature logged with. */
const elsewhere = own.legacy({ digest: DIGEST }, { from }).annotations['dev.sigstore.cosign/certificate']

test.for<[entry: EntryKind, loggedFor: string | undefined, says: RegExp]>(
  ENTRY_KINDS.flatMap((entry): [EntryKind, string | undefined, RegExp][] => [
    [entry, undefined, /^$/],
    [entry, elsewhere, /of another certificate or key/],
    [entry, pemOf(ecKeys().publicKey), /of another certificate or key/],
  ]),
)('an entry of the log, %s, counts for the certificate that it names', async ([entry, loggedFor, says]) => {
  const logged = { from, entry, ...(loggedFor && { loggedFor }) }
  const bundled = new SignedImage()
  bundled.bundles(own.bundle({ digest: DIGEST }, logged))
  const checked = [bundled]
  if (entry.startsWith('hashedrekord')) checked.push(new SignedImage().legacy(sign(bundled, logged)))
  for (const image of checked) {
    const { codes, why } = await image.check(asked(), { root, now })
    expect(why).toMatch(says)
    expect(codes).toHaveLength(loggedFor ? 1 : 0)
  }
})

test.for<[why: string, identity: object, counts: boolean]>([
  [
    'an expression for the whole text',
    { issuer: IDENTITY.issuer, subjectRegExp: 'https://ci\\.example/shop/.+' },
    true,
  ],
  ['one for its beginning', { issuer: IDENTITY.issuer, subjectRegExp: 'https://ci\\.example/shop' }, false],
  ['one for its end', { issuer: IDENTITY.issuer, subjectRegExp: '/shop/web' }, false],
  ['one of two', { issuer: IDENTITY.issuer, subjectRegExp: 'x|https://ci\\.example/shop/web' }, true],
  ['issuers too', { issuerRegExp: 'https://ci\\.(?:example|test)', subject: IDENTITY.subject }, true],
  ['the right subject of another issuer', { issuer: 'https://ci.test', subject: IDENTITY.subject }, false],
])('identities: %s', async ([, identity, counts]) => {
  const image = new SignedImage()
  image.legacy(sign(image))
  const { codes } = await image.check(asked({ identities: [identity] }), { root, now })
  expect(codes).toEqual(counts ? [] : ['SIGNATURE_INVALID'])
})

test('a log of certificates has to have seen the certificate unless the policy says otherwise', async () => {
  const image = new SignedImage()
  image.legacy(sign(image))
  const { why } = await image.check(asked({ insecureIgnoreSCT: false }), { root, now })
  expect(why).toContain('expected 1 SCTs, got 0')
})

test('without a log by the policy, a certificate has to hold now', async () => {
  const image = new SignedImage()
  const bare = without(sign(image), '/bundle')
  image.legacy(bare)
  const policy = asked({}, { ctlog: {} })
  expect(await image.check(policy, { root, now: before(1, 5) })).toMatchObject({
    codes: [],
    signatures: [{ by: IDENTITY }],
  })
  expect((await image.check(policy, { root, now: before(1, 5) })).signatures[0]).not.toHaveProperty('time')
  expect((await image.check(policy, { root, now })).why).toMatch(/not valid or expired/)
})

test('a log that the policy does not ask is nobody: its time does not make an expired certificate hold', async () => {
  const image = new SignedImage()
  image.legacy(sign(image))
  expect((await image.check(asked({}, { ctlog: {} }), { root, now })).why).toMatch(/not valid or expired/)
})

test('an authority counts for the time in which the trusted root has it', async () => {
  const image = new SignedImage()
  image.legacy(sign(image))
  const ended = (end: Date) => image.check(asked(), { root: own.trustedRoot({ end }), now })
  expect((await ended(before(0, -60))).codes).toEqual([])
  expect((await ended(before(2))).why).toMatch(/verify certificate chain/)
})

test('a log that is not in the trusted root has seen nothing', async () => {
  const image = new SignedImage()
  image.legacy(sign(image))
  const { why } = await image.check(asked(), { root: own.trustedRoot({ withLog: false }), now })
  expect(why).toMatch(/inclusion promise could not be verified/)
})

test('a root that has expired itself vouches for nothing after its end', async () => {
  const old = new OwnSigstore({ from: before(400), to: before(2) })
  const image = new SignedImage()
  image.legacy(sign(image, {}, old))
  expect((await image.check(asked(), { root: old.trustedRoot(), now })).why).toMatch(/not valid or expired/)
})

test('a key that a log has to have seen counts with an entry for that key', async () => {
  const { privateKey, publicKey } = ecKeys()
  const policy = policyOf({ key: { data: pemOf(publicKey) }, ctlog: { url: 'https://log.example' } })
  const signature = legacySignature({ digest: DIGEST }, privateKey)
  const check = async (one: LegacySignature) => (await new SignedImage().legacy(one).check(policy, { root, now })).why
  const logged = (pem: string) => own.logged(signature, { pem, loggedAt: from })
  expect(await check(signature)).toContain('no transparency log has seen it')
  expect(await check(logged(pemOf(publicKey)))).toBe('')
  expect(await check(logged(pemOf(ecKeys().publicKey)))).toContain('of another certificate or key')
  expect(await check(logged(elsewhere ?? ''))).toContain('of another certificate or key')
})

test('one of several authorities is enough, each of several policies is needed, and a static one asks nobody', async () => {
  const image = new SignedImage()
  image.legacy(sign(image))
  const both = asked().replace(
    '"authorities":[',
    '"authorities":[{"static":{"action":"fail","message":"not by hand"}},',
  )
  expect((await image.check(both, { root, now })).codes).toEqual([])
  const data = ecKeys().publicKey.export({ type: 'spki', format: 'pem' })
  const two = `${asked()}\n---\n${policyOf({ key: { data } }).replace('"name":"shop"', '"name":"more"')}`
  expect((await image.check(two, { root, now })).codes).toEqual(['SIGNATURE_INVALID'])
  const bare = new SignedImage()
  expect((await bare.check(policyOf({ static: { action: 'pass' } }))).codes).toEqual([])
  expect((await bare.check(policyOf({ static: { action: 'fail', message: 'not by hand' } }))).why).toContain(
    'not by hand',
  )
})

test('an image that no policy covers is refused', async () => {
  const image = new SignedImage('elsewhere.example/tool')
  image.legacy(sign(image))
  expect(await image.check(asked(), { root, now })).toMatchObject({ codes: ['SIGNATURE_UNJUDGED'], signatures: [] })
})
