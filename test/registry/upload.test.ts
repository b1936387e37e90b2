import { createHash, randomBytes } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openBundle } from '../../src/layout/bundle-file.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { MemoryContent } from '../../src/server/registry/memory-content.ts'
import { selfSignedCertificate } from '../../src/server/tls/self-signed.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { temporaryDirectory } from '../support/temporary.ts'

// The bundle's chunks come in memory that is used again: none may change while it waits to be sent.
test.for(['http', 'https'] as const)('a registry that reads slowly gets every byte as it was: %s', async (protocol) => {
  const { path, layers } = await largeBundle()
  const bundle = await openBundle(path)
  onTestFinished(() => bundle.close())
  const { host, ca, received } = await startSlowRegistry(protocol)
  const client = new UploadClient({ ca: [ca] })
  onTestFinished(() => client.close())
  await Promise.all(
    layers.map((layer) =>
      client.putBlob(`${host}/slow`, layer, (start) => bundle.openBlob(layer.digest, { start, reuse: true })),
    ),
  )
  expect(received.toSorted()).toEqual(layers.map(({ digest }) => digest).toSorted())
})

/** Layers of more than sockets hold, that end after a few bytes of a chunk, and at the end of one. */
async function largeBundle(): Promise<{ path: string; layers: Descriptor[] }> {
  const MIB = 1 << 20
  const content = new MemoryContent()
  const layers = [20 * MIB + 10, 3 * MIB, 10].map((size) => content.addBlob(OCI_LAYER_GZIP, randomBytes(size)))
  const config = content.addBlob(OCI_CONFIG, Buffer.from('{"architecture":"amd64","os":"linux"}'))
  content.addManifest('docker.io/large', { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }, '1')
  const path = join(await temporaryDirectory(), 'large.tar')
  await writeBundleOf(content, path)
  return { path, layers }
}

/** Lets uploads wait until sockets are full, and keeps what each hashes to. It takes them where `protocol` says. */
async function startSlowRegistry(protocol: 'http' | 'https') {
  const received: string[] = []
  const sizes = new Map<string, number>()
  const take: RequestListener = async (request, response) => {
    await sleep(300)
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of request) {
      hash.update(chunk)
      size += chunk.length
    }
    const digest = `sha256:${hash.digest('hex')}`
    sizes.set(digest, size)
    received.push(digest)
    response.writeHead(201).end()
  }
  const certificate = selfSignedCertificate(['127.0.0.1'], new Date())
  const storage = await listen(protocol === 'http' ? createServer(take) : createTlsServer(certificate, take))
  const location = `${protocol}://${storage}/upload`
  const host = await listen(
    createServer(({ method, url = '' }, response) => {
      if (method === 'POST') return response.writeHead(202, { location }).end()
      const length = sizes.get(url.slice(url.lastIndexOf('/') + 1))
      return response.writeHead(200, { 'content-length': length }).end()
    }),
  )
  return { host, ca: certificate.cert, received }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
