import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import type { Credentials } from '../../src/registry/auth/credentials.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { MemoryRegistry, sendError } from '../support/memory-registry.ts'

interface Asked {
  readonly method: string
  readonly scopes: readonly string[]
}

/** A registry that takes the token `good`, and its token server, which answers as `answer` says until that gives a token. */
async function start({
  answer,
  credentials = { username: 'robot', password: 'secret' },
  scope,
}: {
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => unknown
  credentials?: Credentials
  scope?: string
}) {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [])
  const asked: Asked[] = []
  registry.misbehave = (request, response) => {
    const url = new URL(request.url ?? '', 'http://registry')
    if (url.pathname === '/token') {
      asked.push({ method: request.method ?? '', scopes: url.searchParams.getAll('scope') })
      return answer(request, response, asked.length) || response.end(JSON.stringify({ token: 'good' }))
    }
    if (request.headers.authorization === 'Bearer good') return false
    const realm = `Bearer realm="http://${registry.host}/token",service="s"${scope ? `,scope="${scope}"` : ''}`
    return sendError(response, 401, 'UNAUTHORIZED', { 'www-authenticate': realm })
  }
  const client = new RegistryClient({ retry: { attempts: 3, delay: 1 }, findCredentials: async () => credentials })
  onTestFinished(() => client.close())
  return { asked, resolve: () => client.resolve(parseReference(`${registry.host}/app:1`)) }
}

test.for([408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527])(
  'a token server that answers %d is asked again',
  async (status) => {
    const { asked, resolve } = await start({
      answer: (_, response, count) => count <= 2 && sendError(response, status, 'X'),
    })
    expect(await resolve()).toMatchObject({ mediaType: expect.stringContaining('manifest') })
    expect(asked).toHaveLength(3)
  },
)

test('its Retry-After counts, and one that is too long is said', async () => {
  const short = await start({
    answer: (_, response, count) => count === 1 && sendError(response, 503, 'X', { 'retry-after': '1' }),
  })
  await short.resolve()
  expect(short.asked).toHaveLength(2)
  const long = await start({ answer: (_, response) => sendError(response, 429, 'X', { 'retry-after': '3600' }) })
  await expect(long.resolve()).rejects.toMatchObject({
    code: 'TOOMANYREQUESTS',
    message: expect.stringContaining('answers 429 (X: as scripted), and asks to wait 1h'),
    hint: expect.stringMatching(/^Run the same command again after \d{4}-\d\d-\d\d \d\d:\d\d UTC\./),
  })
  expect(long.asked).toHaveLength(1)
})

test.for([
  [{ errors: [{ code: 'UNAUTHORIZED', message: 'no such robot' }] }, 'UNAUTHORIZED: no such robot'],
  [{ details: 'incorrect username or password' }, 'incorrect username or password'],
  [{ error: 'invalid_grant', error_description: 'expired' }, 'invalid_grant: expired'],
  [{ message: 'HTTP Basic: Access denied' }, 'HTTP Basic: Access denied'],
  [{ error: 'Invalid username: robot / secret' }, 'Invalid username: robot / ***'],
] as const)('its words are said: %j', async ([body, words]) => {
  const { asked, resolve } = await start({ answer: (_, response) => response.writeHead(401).end(JSON.stringify(body)) })
  await expect(resolve()).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
    message: expect.stringContaining(`refuses the credentials (${words})`),
  })
  expect(asked).toHaveLength(1)
})

test('what the registry names as missing is asked for, too', async () => {
  const { asked, resolve } = await start({ answer: () => false, scope: 'repository:real/app:pull registry:catalog:*' })
  await resolve()
  expect(asked[0]?.scopes).toEqual(['repository:app:pull', 'repository:real/app:pull', 'registry:catalog:*'])
})

test('a token that docker keeps for the registry is shown as it is', async () => {
  const good = await start({ answer: () => false, credentials: { registryToken: 'good' } })
  await good.resolve()
  expect(good.asked).toEqual([])
  const bad = await start({ answer: () => false, credentials: { registryToken: 'bad' } })
  await expect(bad.resolve()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
})

test('a web page in place of a token is named as one', async () => {
  const page = '<html><title>Company login</title>'
  const { resolve } = await start({
    answer: (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
  })
  await expect(resolve()).rejects.toMatchObject({
    message: expect.stringMatching(/its token server \S+ answers with a web page \(Company login\)$/),
    hint: expect.stringContaining('such as a login or a proxy'),
  })
})

test('what a proxy encoded is read: a token, and a refusal, of which no secret is told', async () => {
  const gzip = { 'content-encoding': 'gzip' }
  const good = await start({
    answer: (_, response) => response.writeHead(200, gzip).end(gzipSync('{"token":"good"}')),
  })
  await good.resolve()
  const refused = await start({
    answer: (_, response) => response.writeHead(401, gzip).end(gzipSync('{"message":"not robot with secret"}')),
  })
  await expect(refused.resolve()).rejects.toMatchObject({
    message: expect.stringContaining('refuses the credentials (not robot with ***)'),
  })
})
