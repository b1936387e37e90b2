import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { selfSignedCertificate } from '../../src/server/tls/self-signed.ts'
import { runTool, testWith } from '../support/debian.ts'
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
