import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { Digest } from '../../src/oci/digest.ts'
import { answer } from '../../src/server/registry/answer.ts'
import type { RegistryContent } from '../../src/server/registry/content.ts'
import { parseRange } from '../../src/server/registry/range.ts'
import { fc, runs } from '../support/property.ts'
import { startServer } from './running-server.ts'
import { LAYER, shopContent } from './shop-content.ts'

const { content, layer, manifest, index } = shopContent()

const LARGEST = Math.max(LAYER.length, manifest.size, index.size)

/** Pieces that are nearly right find more than noise does. */
const piece = fc.oneof(
  fc.constantFrom('v2', 'library', 'shop', 'docker.io', 'manifests', 'blobs', 'tags', 'list', 'referrers', '_catalog'),
  fc.constantFrom('..', '.', '', '%2e%2e', '%2F', '%00', '%', '%ff', '~', '\\', 'sha256:', 'registry.example.com:5000'),
  fc.constantFrom('latest', '1.0', layer.digest, manifest.digest, `sha256:${'f'.repeat(64)}`, 'sha512:00'),
  fc.string(),
)
const query = fc.oneof(
  fc.constant(''),
  fc.constantFrom('?n=1', '?n=-1', '?n=99999999999999999999', '?last=zz', '?ns=..', '?ns=docker.io', '?artifactType=%'),
  fc.string().map((text) => `?${text}`),
)
const url = fc.tuple(fc.array(piece, { maxLength: 8 }), query).map(([path, search]) => `/${path.join('/')}${search}`)
const range = fc.oneof(
  fc.tuple(fc.nat(40), fc.nat(40)).map(([first, last]) => `bytes=${first}-${last}`),
  fc.constantFrom('bytes=-', 'bytes=-0', 'bytes=99999999999999999999-', 'bytes=0-0,5-9', 'bytes=-99999999999999999999'),
  fc.string(),
)

test('no request makes it fail, or read a blob or bytes that are not there', async () => {
  const guarded: RegistryContent = {
    repositories: () => content.repositories(),
    tags: (repository: string) => content.tags(repository),
    findManifest: (repository: string, reference: string) => content.findManifest(repository, reference),
    findBlobSize: (digest: Digest) => content.findBlobSize(digest),
    referrers: (repository: string, subject: Digest) => content.referrers(repository, subject),
    openBlob: async (_, start, end) => ({
      ...{ start, end, size: LARGEST, source: 'none', allow: async () => {} },
      read: () => Promise.reject(new Error('not read before it is sent')),
    }),
  }
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'X')
  const headers = fc.record({ range, 'if-none-match': fc.string(), 'if-range': fc.string() }, { requiredKeys: [] })
  await fc.assert(
    fc.asyncProperty(method, url, headers, async (method, url, headers) => {
      const { status, body } = await answer(guarded, { method, url, headers })
      expect([200, 206, 304, 400, 404, 405, 416]).toContain(status)
      if (body && 'read' in body) expect(0 <= body.start && body.start < body.end && body.end <= LARGEST).toBe(true)
    }),
    { numRuns: runs(3000) },
  )
})

test('a range is always inside the blob', () => {
  fc.assert(
    fc.property(range, fc.nat(30), (header, size) => {
      const parsed = parseRange(header, size)
      if (parsed === undefined || parsed === 'unsatisfiable') return
      expect(0 <= parsed.start && parsed.start < parsed.end && parsed.end <= size).toBe(true)
    }),
    { numRuns: runs(5000) },
  )
})

test('whatever arrives on a connection, the next one is served', async () => {
  const server = await startServer(content)
  const line = fc.tuple(
    fc.constantFrom('GET', 'HEAD', 'get', '\x16\x03\x01', ''),
    url,
    fc.constantFrom('HTTP/1.1', 'HTTP/9', ''),
  )
  const message = fc.oneof(
    fc
      .tuple(line, fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 5 }))
      .map(([start, headers]) =>
        Buffer.from(`${start.join(' ')}\r\n${headers.map((header) => header.join(': ')).join('\r\n')}\r\n\r\n`),
      ),
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(message, async (bytes) => {
      await sendAndHangUp(server, bytes)
      const response = await fetch(`http://${server}/v2/library/shop/blobs/${layer.digest}`)
      expect(await response.text()).toBe(`${LAYER}`)
    }),
    { numRuns: runs(150) },
  )
})

function sendAndHangUp(server: string, bytes: Buffer): Promise<void> {
  const [host = '', port = ''] = server.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => socket.end(bytes))
    socket.on('error', () => {}) // being cut off is the right answer to noise
    socket.on('close', () => resolve())
    socket.resume()
  })
}
