import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../src/oci/media-type.ts'
import { SharedChunks } from '../../src/server/http/body/shared-chunks.ts'
import type { AnsweredRequest } from '../../src/server/http/metrics.ts'
import type { BlobSlice } from '../../src/server/registry/content.ts'
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

const MIB = 1024 * 1024

/** A blob of 8 MiB, and how often each place of it is read. */
function sliceOf(source: string) {
  const reads: number[] = []
  const read = async (buffer: Uint8Array, position: number) => {
    reads.push(position)
    return LARGE.copy(buffer, 0, position)
  }
  const slice: BlobSlice = { start: 0, end: LARGE.length, size: LARGE.length, source, read, allow: async () => {} }
  return { slice, reads }
}

test('what several readers are sent at the same time is read once, and again of another file', async () => {
  const chunks = new SharedChunks()
  const [first, other] = [sliceOf('a'), sliceOf('b')]
  const taken = [0, 10, 600_000].map((position) => chunks.take(first.slice, position, { isProven: false }))
  const bytes = await Promise.all(taken)
  const right = [LARGE.subarray(0, MIB / 2), LARGE.subarray(10, MIB / 2), LARGE.subarray(600_000, MIB)]
  expect(bytes.map((piece) => piece && digestOf(piece.bytes))).toEqual(right.map((piece) => digestOf(piece)))
  expect((await chunks.take(other.slice, 0, { isProven: false }))?.bytes[0]).toBe(LARGE[0])
  expect([first.reads, other.reads]).toEqual([[0, MIB / 2], [0]])
})

test('readers hold no more chunks than memory allows, half of them only when they have proven that they read', async () => {
  const chunks = new SharedChunks(2 * MIB)
  const take = (source: string, isProven: boolean) => chunks.take(sliceOf(source).slice, 0, { isProven })
  const [first] = await Promise.all([take('1', false), take('2', false)])
  expect(take('3', false)).toBeUndefined()
  await Promise.all([take('3', true), take('4', true)])
  expect([take('5', true), take('1', true) === undefined]).toEqual([undefined, false])
  first?.release()
  expect(take('5', true)).toBeUndefined()
  ;(await take('1', false))?.release()
})

test('a chunk that could not be read is read again for the next reader', async () => {
  const chunks = new SharedChunks(MIB)
  const { slice } = sliceOf('a')
  const broken = { ...slice, read: () => Promise.reject(new Error('EIO')) }
  for (let turn = 0; turn < 3; turn++) {
    await expect(chunks.take(broken, 0, { isProven: true })).rejects.toThrow('EIO')
  }
  expect((await chunks.take(slice, 0, { isProven: true }))?.bytes.length).toBe(MIB / 2)
})
