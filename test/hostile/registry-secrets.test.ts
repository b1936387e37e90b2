import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { OCI_CONFIG, OCI_LAYER_GZIP } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import type { Credentials } from '../../src/registry/auth/credentials.ts'
import type { RegistryOptions } from '../../src/registry/client/endpoint-fallback.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { MemoryRegistry, sendError } from '../support/memory-registry.ts'
import { listenOn } from '../support/writable-registry.ts'

const SECRET = 'never-to-be-seen'
const TIMEOUTS = { headTimeout: 2000, bodyTimeout: 2000 }

function reader(options: RegistryOptions): RegistryClient {
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 }, timeouts: TIMEOUTS, ...options })
  onTestFinished(() => client.close())
  return client
}

/** A host that gives everybody a token, and everything that it was sent. */
async function startStranger() {
  const seen: string[] = []
  const host = await listenOn(async (request, response) => {
    seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${await text(request)}`)
    response.end(JSON.stringify({ token: 'stranger' }))
  })
  return { host, seen }
}

const CREDENTIALS: [what: string, credentials: Credentials][] = [
  ['a refresh token', { identityToken: SECRET }],
  ['a password', { username: 'robot', password: SECRET }],
]

test.for(
  CREDENTIALS.flatMap(([what, credentials]) =>
    [301, 302, 303, 307, 308].map((status) => [what, status, credentials] as const),
  ),
)('%s stays with the token server that redirects with %d', async ([, status, credentials]) => {
  const stranger = await startStranger()
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [])
  registry.misbehave = ({ url = '' }, response) => {
    if (url.startsWith('/token')) return response.writeHead(status, { location: `http://${stranger.host}/token` }).end()
    const realm = `Bearer realm="http://${registry.host}/token",service="s"`
    return sendError(response, 401, 'UNAUTHORIZED', { 'www-authenticate': realm })
  }
  const asking = reader({ findCredentials: async () => credentials }).resolve(parseReference(`${registry.host}/app:1`))
  await expect(asking).rejects.toMatchObject({
    code: 'REGISTRY_ERROR',
    message: expect.stringContaining(registry.host),
  })
  expect(stranger.seen.join()).not.toContain(SECRET)
  expect(stranger.seen.join()).not.toContain(Buffer.from(`robot:${SECRET}`).toString('base64'))
})

test.for<[what: string, challenge: string, echo: (request: IncomingMessage) => string]>([
  ['a header', 'Basic realm="r"', ({ headers }) => String(headers.authorization)],
  ['a header without its scheme', 'Basic realm="r"', ({ headers }) => String(headers.authorization?.split(' ')[1])],
  ['the password itself', 'Basic realm="r"', () => `wrong password: ${SECRET}`],
  ['all headers', 'Basic realm="r"', ({ headers }) => JSON.stringify(headers)],
  ['a token', 'Bearer realm="http://HOST/token"', ({ headers }) => String(headers.authorization)],
  ['what nobody sent', 'Basic realm="r"', () => `Authorization: Bearer ${SECRET}`],
])('an error that repeats %s is said without it', async ([, challenge, echo]) => {
  const registry = await MemoryRegistry.start()
  registry.misbehave = (request, response) => {
    if (request.url?.startsWith('/token')) return response.end(JSON.stringify({ token: SECRET }))
    if (!request.headers.authorization) {
      const header = challenge.replace('HOST', registry.host)
      return sendError(response, 401, 'UNAUTHORIZED', { 'www-authenticate': header })
    }
    response.writeHead(403)
    return response.end(JSON.stringify({ errors: [{ code: 'DENIED', message: `echo: ${echo(request)}` }] }))
  }
  const findCredentials = async () => ({ username: 'robot', password: SECRET })
  const error = await reader({ findCredentials })
    .resolve(parseReference(`${registry.host}/app:1`))
    .catch((caught) => caught)
  expect(error.message).toContain('echo: ')
  expect(error.message).not.toContain(SECRET)
  expect(error.message).not.toContain(Buffer.from(`robot:${SECRET}`).toString('base64'))
})

/** A registry that is somewhere on the internet, and a way to it: a proxy that looks names up by itself. */
async function startInternet(): Promise<{ registry: MemoryRegistry; options: RegistryOptions; passed: string[] }> {
  const registry = await MemoryRegistry.start()
  const passed: string[] = []
  const proxy = await listenOn((request, response) => {
    const url = new URL(request.url ?? '')
    request.url = `${url.pathname}${url.search}`
    if (url.hostname === 'registry.example') return void registry.answer(request, response)
    passed.push(url.href)
    response.writeHead(200).end()
  })
  return { registry, passed, options: { proxies: { http: `http://${proxy}` }, plainHttp: ['registry.example'] } }
}

/** Spellings of this machine and of networks that are nobody else's. */
const INSIDE = [
  ...[
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0.0.0.0',
    'localhost',
    'localhost.',
    'app.localhost',
  ],
  ...[
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:10.0.0.1]',
    '[fe80::1]',
    '[fe90::1]',
    '[fc00::1]',
    '[64:ff9b::7f00:1]',
  ],
  ...['10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '169.254.169.254'],
]

test.for(INSIDE)('a public registry leads nobody to %s', async (inside) => {
  const stranger = await startStranger()
  const target = `http://${inside}:${stranger.host.split(':')[1]}/x`
  const { registry, options, passed } = await startInternet()
  const layer = { ...registry.addBlob('app', Buffer.from('layer'), OCI_LAYER_GZIP), urls: [target] }
  const image = parseReference('registry.example/app:1')
  const read = reader(options)
  const failure = { message: expect.stringMatching(/registry\.example/) }
  const sink = { received: 0, write: () => undefined }

  registry.misbehave = (_request, response) => response.writeHead(307, { location: target }).end()
  await expect(read.resolve(image), 'by a redirect').rejects.toMatchObject(failure)
  await expect(read.readBlob(image, layer, sink), 'by a redirect').rejects.toMatchObject(failure)

  registry.misbehave = (_request, response) => sendError(response, 404, 'BLOB_UNKNOWN')
  await expect(read.readBlob(image, layer, sink), 'by a descriptor').rejects.toMatchObject(failure)

  registry.misbehave = (_request, response) =>
    sendError(response, 401, 'UNAUTHORIZED', {
      'www-authenticate': `Bearer realm="${target.replace('http:', 'https:')}"`,
    })
  await expect(read.resolve(image), 'as its token server').rejects.toMatchObject(failure)

  registry.misbehave = (_request, response) => response.writeHead(202, { location: target }).end()
  const writer = new UploadClient({ retry: { attempts: 1, delay: 1 }, timeouts: TIMEOUTS, ...options })
  onTestFinished(() => writer.close())
  const sending = writer.putBlob('registry.example/app', { ...layer, mediaType: OCI_CONFIG }, async function* () {})
  await expect(sending, 'for an upload').rejects.toMatchObject(failure)
  expect([...stranger.seen, ...passed]).toEqual([])
})
