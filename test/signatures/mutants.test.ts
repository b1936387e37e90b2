import { expect, test } from 'vitest'
import { ecKeys, pemOf } from '../support/der.ts'
import { fc, runs } from '../support/property.ts'
import { keyBundle, legacySignature, OwnSigstore } from '../support/signature-maker.ts'
import { policyOf, SignedImage } from './signed-image.ts'

const keys = ecKeys()
const own = new OwnSigstore()
const DIGEST = new SignedImage().digest
const name = 'registry.example/shop/web'
const identities = [{ issuer: 'https://ci.example', subject: 'https://ci.example/shop/web' }]
const KEY = policyOf({ key: { data: pemOf(keys.publicKey) } })
const CI = policyOf({ keyless: { identities, insecureIgnoreSCT: true } })
const root = own.trustedRoot()

/** A text with one character exchanged for another one. */
const changed = (text: string, at: number, by: number) => {
  const index = at % text.length
  const other = String.fromCharCode(33 + ((text.charCodeAt(index) - 33 + 1 + (by % 93)) % 94))
  return text.slice(0, index) + other + text.slice(index + 1)
}

/** What can be changed in a signature, and the policy that takes it as it is. */
const SIGNATURES: Record<
  string,
  {
    policy: string
    parts: (image: SignedImage) => Record<string, string>
    attach: (image: SignedImage, parts: Record<string, string>) => unknown
  }
> = {
  'a key, beside the image': legacy(KEY, () => legacySignature({ digest: DIGEST, name }, keys.privateKey)),
  'an identity, beside the image': legacy(CI, () => own.legacy({ digest: DIGEST, name })),
  'a key, as a bundle': bundle(KEY, () => keyBundle({ digest: DIGEST }, keys)),
  'an identity, as a bundle': bundle(CI, () => own.bundle({ digest: DIGEST })),
}

function legacy(policy: string, make: () => ReturnType<typeof legacySignature>) {
  const { payload, annotations } = make()
  return {
    policy,
    parts: () => ({ payload: payload.toString(), ...annotations }),
    attach: (image: SignedImage, { payload: text = '', ...rest }: Record<string, string>) =>
      image.legacy({ payload: Buffer.from(text), annotations: rest }),
  }
}

function bundle(policy: string, make: () => object) {
  const text = JSON.stringify(make())
  return {
    policy,
    parts: () => ({ text }),
    attach: (image: SignedImage, { text: json = '' }: Record<string, string>) => {
      try {
        return image.bundles(JSON.parse(json))
      } catch {
        return image
      }
    },
  }
}

/** What says who signed what: nothing but the very same may come out of it. */
const told = ({ signatures }: Awaited<ReturnType<SignedImage['check']>>) =>
  signatures.map(({ by, time }) => ({ by, time }))

test.for(Object.entries(SIGNATURES))(
  'no character of a signature with %s can be exchanged for what counts as another one',
  async ([, { policy, parts, attach }]) => {
    const whole = new SignedImage()
    attach(whole, parts(whole))
    const right = told(await whole.check(policy, { root }))
    expect(right).toHaveLength(1)
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.nat(100_000), fc.nat(92), async (which, at, by) => {
        const image = new SignedImage()
        const all = parts(image)
        const [part = '', text = ''] = Object.entries(all)[which % Object.keys(all).length] ?? []
        attach(image, { ...all, [part]: changed(text, at, by) })
        const { codes, signatures } = await image
          .check(policy, { root })
          .then((found) => ({ ...found, signatures: told(found) }))
        // What is not signed, such as how a field is spelled, may change; who signed and when may not.
        if (signatures.length > 0) expect(signatures).toEqual(right)
        else expect(codes).toHaveLength(1)
      }),
      { numRuns: runs(60) },
    )
  },
)
