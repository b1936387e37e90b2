import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { integer, time } from '../../src/server/tls/der.ts'
import { selfSignedCertificate } from '../../src/server/tls/self-signed.ts'
import { runTool, testWith } from '../support/debian.ts'
import { fc, runs } from '../support/property.ts'
import { startServer } from './running-server.ts'
import { shopContent } from './shop-content.ts'

const NAMES = ['localhost', 'registry.internal', '127.0.0.1', '::1', 'fd00::1:2']

test('the certificate is for every name, signs itself and holds its key', () => {
  const { cert, key } = selfSignedCertificate(NAMES, new Date('2026-01-02T03:04:05Z'))
  const certificate = new X509Certificate(cert)
  expect(certificate.subjectAltName).toBe(
    'DNS:localhost, DNS:registry.internal, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FD00:0:0:0:0:0:1:2',
  )
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.validFrom).toBe('Jan  1 03:04:05 2026 GMT')
  expect(certificate.ca).toBe(true)
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/)
})

test('a client that trusts the certificate reaches the server', async () => {
  const tls = selfSignedCertificate(NAMES, new Date())
  const server = await startServer(shopContent().content, { listening: { tls } })
  const status = await new Promise((resolve, reject) => {
    request(`https://${server}/v2/`, { ca: tls.cert }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
  expect(status).toBe(200)
})

testWith(['openssl'])('openssl takes it as its own CA', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-tls-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'cert.pem')
  await writeFile(file, selfSignedCertificate(NAMES, new Date()).cert)
  const { stdout } = await runTool('openssl', [
    'verify',
    '-x509_strict',
    '-purpose',
    'sslserver',
    '-CAfile',
    file,
    file,
  ])
  expect(stdout).toBe(`${file}: OK\n`)
})

/** One in 512 random numbers has nine zero bits at its beginning, which DER writes in fewer bytes. */
const MANY = 5_000

testWith(['openssl'])(
  `${MANY} certificates in a row are read by Node and by openssl`,
  { timeout: 300_000 },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nodeseed-tls-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const serials = new Set<string>()
    const texts: string[] = []
    for (let made = 0; made < MANY; made++) {
      const { cert } = selfSignedCertificate(NAMES, new Date())
      serials.add(new X509Certificate(cert).serialNumber)
      texts.push(cert)
    }
    expect(serials.size).toBe(MANY)
    const file = join(directory, 'all.pem')
    await writeFile(file, texts.join(''))
    const { stdout } = await runTool('openssl', ['storeutl', '-noout', '-certs', file])
    expect(stdout).toContain(`Total found: ${MANY}\n`)
  },
)

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
const domain = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'))
const name = fc.oneof(domain, fc.ipV4(), fc.ipV6(), fc.string({ unit: 'binary' }), fc.constant('bücher.example'))

test('whatever the names, the date and the serial number are, Node reads what was meant', () => {
  const names = fc.array(name, { minLength: 1, maxLength: 20 })
  const now = fc.date({ min: new Date('1970-01-02'), max: new Date('2400-01-01'), noInvalidDate: true })
  const serial = fc.oneof(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.constant(new Uint8Array(16)),
    fc.constant(new Uint8Array(16).fill(255)),
  )
  fc.assert(
    fc.property(names, now, serial, (names, now, serial) => {
      const { cert } = selfSignedCertificate(['localhost', ...names], now, { serial })
      const certificate = new X509Certificate(cert)
      const end = new Date(Math.floor(now.getTime() / 1000) * 1000 + 825 * 86_400_000)
      expect(certificate.validToDate).toEqual(end)
      expect(BigInt(`0x${certificate.serialNumber}`)).toBe(BigInt(`0x01${Buffer.from(serial).toString('hex')}`))
      expect(certificate.verify(certificate.publicKey)).toBe(true)
      expect(certificate.checkHost('localhost')).toBe('localhost')
      for (const ip of names.filter((text) => isIP(text))) expect(certificate.checkIP(ip)).toBeDefined()
    }),
    { numRuns: runs(300) },
  )
})

test('an integer has the fewest bytes that will do', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
      const [tag, length, ...content] = integer(bytes)
      expect({ tag, length }).toEqual({ tag: 2, length: content.length })
      const isShort = content.length === 1 || !(content[0] === 0 && content[1]! < 0x80)
      expect(isShort && content[0]! < 0x80).toBe(true)
      const value = (digits: Iterable<number>) => BigInt(`0x0${Buffer.from([...digits]).toString('hex')}`)
      expect(value(content)).toBe(value(bytes))
    }),
    { numRuns: runs(1000) },
  )
})

test.for([
  ['1949-12-31T23:59:59Z', '180f31393439'],
  ['1950-01-01T00:00:00Z', '170d353030313031'],
  ['2049-12-31T23:59:59Z', '170d343931323331'],
  ['2050-01-01T00:00:00Z', '180f32303530'],
] as const)('the form of %s is that of RFC 5280', ([date, hex]) => {
  expect(time(new Date(date)).toString('hex')).toMatch(new RegExp(`^${hex}`))
})
