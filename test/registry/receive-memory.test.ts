import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createDispatcher } from '../../src/registry/http/dispatcher.ts'
import { sendRequest } from '../../src/registry/http/send-request.ts'
import { selfSignedCertificate } from '../../src/server/tls/self-signed.ts'

const CONTENT = randomBytes(8 << 20)
const HASH = createHash('sha256').update(CONTENT).digest('hex')
const TIMEOUTS = { headTimeout: 10_000, bodyTimeout: 10_000 }

/** `/pieces` sends the content chunked, in pieces of sizes that fit nothing; everything else sends it at once. */
const answer: RequestListener = async (request, response) => {
  if (request.url !== '/pieces') {
    response.end(CONTENT)
    return
  }
  for (let at = 0, size = 1; at < CONTENT.length; at += size, size = (size * 7 + 13) % 150_000) {
    if (!response.write(CONTENT.subarray(at, at + size))) await once(response, 'drain')
  }
  response.end()
}

async function start(isSecure: boolean): Promise<{ url: string; ca?: string }> {
  const pair = selfSignedCertificate(['localhost'], new Date())
  const server = isSecure ? createSecureServer({ key: pair.key, cert: pair.cert }, answer) : createServer(answer)
  server.listen(0, 'localhost')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return isSecure ? { url: `https://localhost:${port}`, ca: pair.cert } : { url: `http://localhost:${port}` }
}

/** Takes a body as a blob writer does: hashes what comes, and wants a pause now and then. */
async function receive(url: URL, dispatcher: ReturnType<typeof createDispatcher>): Promise<string> {
  const hash = createHash('sha256')
  let chunks = 0
  await sendRequest(dispatcher, { url, method: 'GET', headers: {} }, TIMEOUTS, () => ({
    write(chunk) {
      hash.update(chunk)
      return chunks++ % 3 === 0 ? nextTurn() : undefined
    },
  }))
  return hash.digest('hex')
}

test.each([
  ['http', '/'],
  ['http', '/pieces'],
  ['https', '/'],
  ['https', '/pieces'],
])('memory used over and over never changes a byte: %s, %s', async (scheme, path) => {
  const { url, ca } = await start(scheme === 'https')
  const dispatcher = createDispatcher({ ...(ca && { ca: [ca] }) }, { connectTimeout: 10_000 })
  onTestFinished(() => dispatcher.destroy())
  const bodies = Array.from({ length: 6 }, () => receive(new URL(path, url), dispatcher))
  expect(new Set(await Promise.all(bodies))).toEqual(new Set([HASH]))
})

test('a body that is collected is a copy', async () => {
  const server = createServer((request, response) => response.end(request.url!.repeat(100_000)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const dispatcher = createDispatcher({}, { connectTimeout: 10_000 })
  onTestFinished(() => dispatcher.destroy())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = (path: string) =>
    sendRequest(dispatcher, { url: new URL(path, base), method: 'GET', headers: {} }, TIMEOUTS)
  const first = await ask('/one')
  // On the same connection, and so into the same memory.
  for (const path of ['/two', '/three', '/four']) await ask(path)
  expect(first.body.toString()).toBe('/one'.repeat(100_000))
})

test('a sink that is done at once, and says so with a promise, gets everything', async () => {
  const content = randomBytes(3_000_000)
  const server = createServer((_request, response) => response.end(content))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const dispatcher = createDispatcher({}, { connectTimeout: 10_000 })
  onTestFinished(() => dispatcher.destroy())
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  let received = 0
  const write = (chunk: Uint8Array) => {
    received += chunk.length
    return Promise.resolve()
  }
  await sendRequest(dispatcher, { url, method: 'GET', headers: {} }, TIMEOUTS, () => ({ write }))
  expect(received).toBe(content.length)
})
