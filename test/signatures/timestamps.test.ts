import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runTool, testWith } from '../support/debian.ts'
import { ecKeys, pemOf } from '../support/der.ts'
import { type LegacySignature, legacySignature, OwnSigstore, TimestampAuthority } from '../support/signature-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { policyOf, SignedImage } from './signed-image.ts'

const HOUR = 60 * 60_000
const own = new OwnSigstore()
const [tsa, otherTsa] = [new TimestampAuthority(), new TimestampAuthority()]
const root = tsa.addedTo(own.trustedRoot())
const IDENTITY = { issuer: 'https://ci.example', subject: 'https://ci.example/shop/web' }
const CI = policyOf({
  ...{ keyless: { identities: [IDENTITY], insecureIgnoreSCT: true } },
  ...{ ctlog: {}, rfc3161timestamp: {} },
})
const SIGNATURE = 'dev.cosignproject.cosign/signature'

/** The signature with what a timestamp authority says of it, or of another one. */
async function stamped(signature: LegacySignature, by: TimestampAuthority, over = signature): Promise<LegacySignature> {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await writeFile(at('signature'), Buffer.from(over.annotations[SIGNATURE] ?? '', 'base64'))
  for (const [name, text] of Object.entries(by.files(directory))) await writeFile(at(name), text)
  await runTool('openssl', ['ts', '-query', '-data', at('signature'), '-sha256', '-cert', '-out', at('query')])
  const reply = [
    'ts',
    '-reply',
    '-config',
    at('tsa.cnf'),
    '-section',
    'tsa',
    '-queryfile',
    at('query'),
    '-out',
    at('reply'),
  ]
  await runTool('openssl', reply)
  const { stdout } = await runTool('openssl', ['base64', '-A', '-in', at('reply')])
  const timestamp = JSON.stringify({ SignedRFC3161Timestamp: stdout.trim() })
  return { ...signature, annotations: { ...signature.annotations, 'dev.sigstore.cosign/rfc3161timestamp': timestamp } }
}

testWith(['openssl'])('a timestamp authority of the trusted root says when a signature was made', async () => {
  const check = async (signature: LegacySignature, policy = CI) => {
    const image = new SignedImage()
    image.legacy(signature)
    return image.check(policy, { root, now: new Date(Date.now() + 24 * HOUR) })
  }
  const { digest } = new SignedImage()
  const fresh = { from: new Date(Date.now() - 60_000) }
  const signature = own.legacy({ digest }, fresh)
  const counts = await check(await stamped(signature, tsa))
  expect(counts, counts.why).toMatchObject({
    codes: [],
    signatures: [{ by: IDENTITY, time: expect.stringMatching(/Z$/) }],
  })
  const { privateKey, publicKey } = ecKeys()
  const byKey = policyOf({ key: { data: pemOf(publicKey) }, rfc3161timestamp: {} })
  const keySigned = legacySignature({ digest }, privateKey)
  expect((await check(await stamped(keySigned, tsa), byKey)).signatures).toMatchObject([{ time: expect.any(String) }])

  // A timestamp authority that is asked for stands in for a log that is not.
  const alone = CI.replace('"ctlog":{},', '')
  const { 'dev.sigstore.cosign/bundle': _, ...unlogged } = signature.annotations
  const undated = { ...signature, annotations: unlogged }
  expect((await check(await stamped(undated, tsa), alone)).why).toBe('')
  expect((await check(undated, CI.replace(',"rfc3161timestamp":{}', ''))).why).toMatch(/not valid or expired/)
  expect((await check(await stamped(undated, tsa), CI.replace(',"rfc3161timestamp":{}', ''))).why).toMatch(
    /not valid or expired/,
  )

  const late = own.legacy({ digest }, { from: new Date(Date.now() - HOUR) })
  expect((await check(await stamped(late, tsa))).why).toMatch(/not valid or expired/)
  expect((await check(signature)).why).toContain('no timestamp authority has seen it')
  expect((await check(keySigned, byKey)).why).toContain('no timestamp authority has seen it')
  for (const forged of [
    await stamped(signature, otherTsa),
    await stamped(signature, tsa, own.legacy({ digest }, fresh)),
  ]) {
    expect((await check(forged)).why).toContain('timestamp could not be verified')
  }
})
