import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import {
  decodeSignature,
  isSignedBy,
  makeKeyPair,
  readPublicKey,
  signIndex,
} from '../../src/bundle/format/signature.ts'
import { demoContent } from '../../src/demo/images.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import { runs } from '../support/property.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const INDEX = Buffer.from('{"schemaVersion":2}')
const { privateKey, publicKey } = makeKeyPair()
let signature: string

beforeAll(() => {
  // One that is padded, so that every way to spell the padding otherwise can be tried.
  do signature = signIndex(INDEX, privateKey)
  while (!signature.endsWith('='))
})

/** The same bytes spelled otherwise, or something behind them. Of these openssl reads some, and a lenient decoder all. */
const SPELLINGS: Readonly<Record<string, (text: string) => string>> = {
  'no padding': (text) => text.replace(/=+$/, ''),
  'more padding': (text) => `${text}=`,
  'the alphabet of URLs': (text) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
  'a blank inside': (text) => `${text.slice(0, 8)} ${text.slice(8)}`,
  'a blank at the end': (text) => `${text} `,
  'a line feed before': (text) => `\n${text}`,
  'lines of 64': (text) => text.replace(/.{64}/g, '$&\n'),
  CRLF: (text) => `${text}\r\n`,
  'two line feeds': (text) => `${text}\n\n`,
  'more behind it': (text) => `${text}\n${text}`,
  'a comment behind it': (text) => `${text}#`,
  'bits that nobody reads': (text) => text.replace(/.(=+)$/, (_, pad) => `${pad.length === 1 ? 'B' : 'R'}${pad}`),
  'a byte order mark': (text) => `\ufeff${text}`,
  nothing: () => '',
}

test.for(Object.keys(SPELLINGS))('%s is no spelling of a signature', (name) => {
  const spelled = SPELLINGS[name]!(signature)
  expect(spelled).not.toBe(signature)
  expect(decodeSignature(spelled)).toBeUndefined()
  expect(isSignedBy(readPublicKey(publicKey), INDEX, spelled)).toBe(false)
})

testWith(['openssl'])('what is taken for a signature is one for openssl too', async () => {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await writeFile(at('index.json'), INDEX)
  await writeFile(at('key.pub'), publicKey)
  const made = Array.from({ length: runs(10) }, () => signIndex(INDEX, privateKey))
  for (const text of made.flatMap((one) => [one, `${one}\n`])) {
    expect(isSignedBy(readPublicKey(publicKey), INDEX, text)).toBe(true)
    await writeFile(at('sig'), text)
    await runTool('openssl', ['base64', '-d', '-A', '-in', at('sig'), '-out', at('der')])
    const args = ['dgst', '-sha256', '-verify', at('key.pub'), '-signature', at('der'), at('index.json')]
    expect((await runTool('openssl', args)).stdout).toContain('Verified OK')
  }
})

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' })

test.for<[what: string, text: string, said: RegExp]>([
  ['a private key', privateKey, /is a private one[^\n]*\n {2}try: Name the NAME\.pub that keygen wrote/],
  ['an encrypted private key', makeKeyPair('secret').privateKey, /is a private one/],
  ['both halves', publicKey + privateKey, /is a private one/],
  ['two public keys', publicKey + makeKeyPair().publicKey, /not one PUBLIC KEY in PEM/],
  ['no key', 'no key', /not one PUBLIC KEY in PEM/],
  ['an empty file', '', /not one PUBLIC KEY in PEM/],
  ['half a key', publicKey.slice(0, 80), /not one PUBLIC KEY in PEM/],
  ['an RSA key', `${RSA}`, /not an ECDSA key on the curve P-256/],
  ['another curve', `${P384}`, /not an ECDSA key on the curve P-256/],
])('--key with %s is refused, and what to do is said', async ([, text, said]) => {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await writeBundleOf(await demoContent(), at('a.tar'))
  const bundle = await openBundle(at('a.tar'))
  await bundle.close()
  await writeFile(at('a.tar.sig'), `${signIndex(bundle.index, privateKey)}\n`)
  await writeFile(at('key.pub'), text)
  const { exitCode, stdout, stderr } = await runCli(['verify', at('a.tar'), '--key', at('key.pub')])
  expect(stderr).toMatch(said)
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(await readFile(at('key.pub'), 'utf8')).toBe(text)
})

test('a signature is read byte for byte', async () => {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await writeBundleOf(await demoContent(), at('a.tar'))
  const bundle = await openBundle(at('a.tar'))
  await bundle.close()
  const text = `${signIndex(bundle.index, privateKey)}\n`
  await writeFile(at('key.pub'), publicKey)
  const verify = () => runCli(['verify', at('a.tar'), '--key', at('key.pub')])
  await writeFile(at('a.tar.sig'), text)
  expect(await verify()).toMatchObject({ exitCode: 0 })
  for (const other of [`\ufeff${text}`, Buffer.from(`\ufeff${text}`, 'utf16le'), text + 'x'.repeat(100_000)]) {
    await writeFile(at('a.tar.sig'), other)
    expect(await verify()).toMatchObject({ exitCode: 4 })
  }
})
