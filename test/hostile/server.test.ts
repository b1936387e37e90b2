import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { BodyBudget } from '../../src/server/http/body/body-budget.ts'
import { isLoopback } from '../../src/server/http/listen-address.ts'
import { MemoryContent } from '../../src/server/registry/memory-content.ts'
import { json } from '../../src/server/registry/reply.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { startServing } from '../server/serving.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MB = 1_000_000

/** A bundle with one image whose manifest has this many bytes of annotations, and so many artifacts that refer to it. */
async function bundleWith({ bytes = 0, referrers = 0 }: { bytes?: number; referrers?: number }) {
  const content = new MemoryContent()
  const config = content.addBlob(OCI_CONFIG, Buffer.from('{"os":"linux","architecture":"amd64"}'))
  const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] }
  const note = randomBytes(bytes / 2).toString('hex')
  const subject = content.addManifest('docker.io/library/app', { ...image, annotations: { note } }, '1')
  for (let at = 0; at < referrers; at++) {
    content.addManifest('docker.io/library/app', { ...image, subject, annotations: { at: `${at}` } }, `ref-${at}`)
  }
  const directory = await temporaryDirectory()
  const file = join(directory, 'app.tar')
  await writeBundleOf(content, file)
  return { file, subject, directory }
}

async function residentBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1])
}

/** A connection that sends a text and takes nothing of what comes. */
async function send(address: string, text: string): Promise<Socket> {
  const [host = '', port = ''] = address.split(':')
  const socket = connect(Number(port), host)
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await new Promise((resolve) => socket.write(text, resolve))
  return socket
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`

test('1,000 readers that take nothing of one large manifest cost no copy each', async () => {
  const { file } = await bundleWith({ bytes: 3 * MB })
  const { address, url } = await startServing([file, '--no-access-log'])
  const path = '/v2/library/app/manifests/1'
  const whole = await (await fetch(`${url}${path}`)).arrayBuffer()
  expect(whole.byteLength).toBeGreaterThan(3 * MB)
  const before = await residentBytes(url)
  for (let at = 0; at < 1_000; at++) await send(address, get(path))
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n')
  expect((await residentBytes(url)) - before).toBeLessThan(250 * MB)
  expect((await (await fetch(`${url}${path}`)).arrayBuffer()).byteLength).toBe(whole.byteLength)
})

test('requests that come together are answered in turn, and too many of them not at all', async () => {
  const { file } = await bundleWith({ bytes: 3 * MB })
  const { address, url } = await startServing([file, '--no-access-log'])
  const few = await send(address, get('/healthz').repeat(20))
  let said = ''
  for await (const chunk of few) {
    said += chunk
    if (said.split('ok\n').length > 20) break
  }
  expect(said.match(/ 200 OK/g)).toHaveLength(20)
  const before = await residentBytes(url)
  const sockets = []
  for (let at = 0; at < 50; at++) sockets.push(await send(address, get('/v2/library/app/manifests/1').repeat(1_000)))
  for (const socket of sockets) if (!socket.resume().closed) await once(socket, 'close')
  expect((await residentBytes(url)) - before).toBeLessThan(250 * MB)
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n')
})

test('referrers are found once for all who ask, and others get their turn meanwhile', async () => {
  const { file, subject } = await bundleWith({ referrers: 2_000 })
  const { url } = await startServing([file, '--no-access-log'])
  let answered = 0
  const asked = Array.from({ length: 50 }, async () => {
    const answer = await (await fetch(`${url}/v2/library/app/referrers/${subject.digest}`)).json()
    answered++
    return (answer as { manifests: unknown[] }).manifests.length
  })
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n')
  // It was asked last, and did not wait for all that.
  expect(answered).toBeLessThan(50)
  expect(new Set(await Promise.all(asked))).toEqual(new Set([2_000]))
})

test('an answer that cannot be read names no file of the machine; the server itself does', async () => {
  const { file, directory } = await bundleWith({})
  const server = await startServing([file, '--no-access-log'])
  await rm(file)
  await writeFile(file, '')
  // What is open stays open: a damaged file is one whose bytes changed.
  const damaged = await bundleWith({ bytes: 1000 })
  const second = await startServing([damaged.file, '--no-access-log'])
  await writeFile(damaged.file, Buffer.alloc(20_000))
  const answer = await fetch(`${second.url}/v2/library/app/manifests/1`)
  expect(answer.status).toBe(500)
  const text = await answer.text()
  expect(text).not.toContain(damaged.directory)
  expect(JSON.parse(text)).toEqual({
    errors: [{ code: 'UNKNOWN', message: 'the server cannot read what it serves; its own output says why' }],
  })
  expect(second.log()).toContain(`error: ${damaged.file}: blob sha256:`)
  expect(directory).not.toBe(damaged.directory)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})

test('a request with a body is answered, and its connection ends', async () => {
  const { file } = await bundleWith({})
  const { address } = await startServing([file, '--no-access-log'])
  const head = 'POST /v2/library/app/blobs/uploads/ HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
  const socket = await send(address, `${head}5\r\nhello\r\n`)
  let said = ''
  for await (const chunk of socket) said += chunk
  expect(said).toMatch(/^HTTP\/1\.1 405 [\s\S]*connection: close/i)
})

test.for([
  ['a header that is too long', `GET /v2/ HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, / 431 /],
  ['a line that is too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, / 431 /],
  ['no HTTP', 'hello\r\n\r\n', / 400 /],
] as const)('%s ends the connection', async ([, text, said]) => {
  const { file } = await bundleWith({})
  const { address } = await startServing([file, '--no-access-log'])
  const socket = await send(address, text)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  expect(answer).toMatch(said)
})

test('large lists on their way are bounded, and who comes then is told to come again', () => {
  const budget = new BodyBudget(1 * MB)
  const large = () => json(200, 'x'.repeat(400_000))
  const [first, second, third] = [budget.admit(large()), budget.admit(large()), budget.admit(large())]
  expect([first.status, second.status, third.status]).toEqual([200, 200, 429])
  expect(third.headers['retry-after']).toBe('1')
  expect(budget.admit(json(200, 'small')).status).toBe(200)
  first.release?.()
  expect(budget.admit(large()).status).toBe(200)
})

test.for([
  ['127.0.0.1:0', []],
  [':0', ['--users', '--tls-dir']],
] as const)('%s: what is open to all is said', async ([listen, flags]) => {
  const { file } = await bundleWith({})
  const server = await startServing([file], {}, listen)
  const warnings = () =>
    server
      .log()
      .split('\n')
      .filter((line) => line.startsWith('warning: '))
  while (warnings().length < flags.length) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(warnings()).toHaveLength(flags.length)
  for (const [at, flag] of flags.entries()) expect(warnings()[at]).toContain(`give ${flag}`)
})

test.for([
  ['127.0.0.1:5000', true],
  ['[::1]:5000', true],
  ['[::ffff:127.0.0.1]:80', true],
  ['0.0.0.0:5000', false],
  ['[::]:5000', false],
  ['10.0.0.5:5000', false],
] as const)('%s is of this machine alone: %s', ([address, expected]) => {
  expect(isLoopback(address)).toBe(expected)
})
