import { expect, onTestFinished } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { makeCertificates } from '../support/certificates.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { startTlsRegistry } from '../support/tls-registry.ts'

testWith(['openssl'])('a registry of this machine that speaks https is asked by it, to read and to write', async () => {
  const certificates = await makeCertificates()
  const registry = await MemoryRegistry.start()
  const target = registry.addImage('app', '1', [])
  const { port } = await startTlsRegistry(registry, certificates, { wantsClient: false })
  const host = `127.0.0.1:${port}`
  const options = { retry: { attempts: 2, delay: 1 } }
  const ca = [await certificates.read('ca.crt')]
  const [read, write] = [new RegistryClient({ ...options, ca }), new UploadClient({ ...options, ca })]
  const [stranger, plain] = [new RegistryClient(options), new RegistryClient({ ...options, ca, plainHttp: [host] })]
  onTestFinished(async () => {
    for (const client of [read, write, stranger, plain]) await client.close()
  })
  const reference = parseReference(`${host}/app:1`)
  expect(await read.resolve(reference)).toEqual(target)
  expect(await read.resolve(reference)).toEqual(target)
  expect(await write.hasManifest(`${host}/app`, '1', target)).toBe(true)
  await expect(stranger.resolve(reference)).rejects.toMatchObject({
    message: expect.stringContaining('its certificate is not trusted'),
  })
  await expect(plain.resolve(reference), 'who says plain http means it').rejects.toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
  })
})
