import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { type Serving, startServing } from '../server/serving.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MB = 1_000_000

async function serve(...args: string[]): Promise<Serving> {
  const file = join(await temporaryDirectory(), 'demo.tar')
  await writeBundleOf(await demoContent(), file)
  return startServing([file, '--no-access-log', ...args])
}

/** A connection of another address of this machine. */
async function connected({ address }: Serving): Promise<Socket> {
  const [host = '', port = ''] = address.split(':')
  const socket = connect({ host, port: Number(port), localAddress: '127.0.0.2' })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {}) // being cut off is what is looked for
  await once(socket, 'connect')
  return socket
}

const isHealthy = async ({ url }: Serving) => (await (await fetch(`${url}/healthz`)).text()) === 'ok\n'

async function residentBytes({ url }: Serving): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1])
}

/** Sends a byte a second, for ever, until the other side has had enough. */
async function drip(socket: Socket, bytes: () => string): Promise<void> {
  while (!socket.closed) {
    socket.write(bytes())
    await sleep(1000)
  }
}

const SLOW: Readonly<Record<string, { head: string; bytes: () => string }>> = {
  nothing: { head: '', bytes: () => '' },
  'the request line': { head: '', bytes: () => 'G' },
  'one header': { head: 'GET /v2/ HTTP/1.1\r\nhost: x\r\nx-slow: ', bytes: () => 'a' },
  'many headers': { head: 'GET /v2/ HTTP/1.1\r\nhost: x\r\n', bytes: () => 'a: b\r\n' },
  'a body that nobody wants': {
    head: 'GET /v2/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n',
    bytes: () => 'a',
  },
  'a body in chunks': {
    head: 'POST /v2/ HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n',
    bytes: () => '1\r\na\r\n',
  },
}

test('clients that send a byte a second are cut off, and others are answered meanwhile', async () => {
  const server = await serve()
  const before = await residentBytes(server)
  const sockets: Socket[] = []
  const dripping: Promise<void>[] = []
  for (const { head, bytes } of Object.values(SLOW)) {
    for (let at = 0; at < 50; at++) {
      const socket = await connected(server)
      socket.resume()
      sockets.push(socket)
      socket.write(head)
      dripping.push(drip(socket, bytes))
    }
  }
  while (sockets.some(({ closed }) => !closed)) {
    expect(await isHealthy(server)).toBe(true)
    expect((await residentBytes(server)) - before).toBeLessThan(100 * MB)
    await sleep(500)
  }
  await Promise.all(dripping)
})

test('one address cannot take every connection, and what it had is free again', async () => {
  const server = await serve()
  const sockets: Socket[] = []
  for (let at = 0; at < 2_100; at++) sockets.push(await connected(server))
  // What is beyond the half is ended at once; the others wait for their turn to be cut off.
  while (sockets.filter(({ closed }) => closed).length < 52) await sleep(20)
  expect(sockets.filter(({ closed }) => !closed).length).toBeGreaterThan(1_000)
  expect(await isHealthy(server)).toBe(true)
  for (const socket of sockets) socket.destroy()
  const later = await connected(server)
  later.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  let said = ''
  for await (const chunk of later) said += chunk
  expect(said).toContain('ok\n')
})

test('a thousand requests on one connection whose answers nobody reads are bounded', async () => {
  const server = await serve()
  const before = await residentBytes(server)
  const path = '/v2/registry.example.com/shop/web/manifests/1.4'
  for (let at = 0; at < 100; at++) {
    const socket = await connected(server)
    socket.pause()
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(1_000))
  }
  expect(await isHealthy(server)).toBe(true)
  expect((await residentBytes(server)) - before).toBeLessThan(100 * MB)
})
