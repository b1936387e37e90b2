import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../src/oci/media-type.ts'
import { BufferPool } from '../../src/server/http/body/pump.ts'
import type { AnsweredRequest } from '../../src/server/http/metrics.ts'
import { startServer } from './running-server.ts'
import { shopContent } from './shop-content.ts'

const { content } = shopContent()
const LARGE = randomBytes(8 * 1024 * 1024)
const PATH = `/v2/library/shop/blobs/${content.addBlob(OCI_LAYER_GZIP, LARGE).digest}`

/** A reader that asks and then takes nothing. */
async function startSlowReader(server: string): Promise<Socket> {
  const [host = '', port = ''] = server.split(':')
  const socket = connect(Number(port), host)
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await new Promise((resolve) => socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`, resolve))
  return socket
}

test('500 pulls of a manifest at once all succeed', async () => {
  const server = await startServer(content)
  const pull = async () => (await fetch(`http://${server}/v2/library/shop/manifests/1.0`)).arrayBuffer()
  const answers = await Promise.all(Array.from({ length: 500 }, pull))
  const digests = new Set(answers.map((answer) => digestOf(new Uint8Array(answer))))
  expect([...digests]).toEqual([(await content.findManifest('docker.io/library/shop', '1.0'))?.digest])
})

test('readers that take nothing keep nobody else from reading', async () => {
  const server = await startServer(content)
  await Promise.all(Array.from({ length: 200 }, () => startSlowReader(server)))
  const answer = await (await fetch(`http://${server}${PATH}`)).arrayBuffer()
  expect(Buffer.from(answer).equals(LARGE)).toBe(true)
})

test('a reader that goes away is seen as gone, and what it held is given back', async () => {
  const exchanges: AnsweredRequest[] = []
  const server = await startServer(content, { listening: { onEnd: (exchange) => exchanges.push(exchange) } })
  const reader = await startSlowReader(server)
  await new Promise((resolve) => reader.once('readable', resolve))
  reader.destroy()
  await vi.waitFor(() => expect(exchanges).toHaveLength(1), { timeout: 300_000 })
  expect(exchanges[0]).toMatchObject({ status: 200, aborted: true })
  expect(exchanges[0]?.bytes).toBeLessThan(LARGE.length)
})

test('a pool hands out what it got back, and no more than its memory allows', () => {
  const pool = new BufferPool(512 * 1024)
  const [first, second, third] = [pool.take(), pool.take(), pool.take()]
  expect([first?.length, second?.length, third]).toEqual([256 * 1024, 256 * 1024, undefined])
  pool.give(Buffer.alloc(10))
  expect(pool.take()).toBeUndefined()
  pool.give(second!)
  expect(pool.take()).toBe(second)
})
