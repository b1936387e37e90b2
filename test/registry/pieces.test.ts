import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { ConcurrencyLimit } from '../../src/registry/transfer/concurrency-limit.ts'
import { bringInPieces, type Piece, pieceSize, SlowTransferDetector } from '../../src/registry/transfer/pieces.ts'
import { MemoryRegistry, type Misbehave } from '../support/memory-registry.ts'

const MEBIBYTE = 1 << 20
const PIECE = 8 * MEBIBYTE
const CONTENT = randomBytes(60 * MEBIBYTE)

/** Keeps what it is given; it takes its time now and then, as a disk does. */
class Sink {
  readonly #chunks: Buffer[] = []
  #count = 0
  received = 0

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#chunks.push(Buffer.from(chunk))
    this.received += chunk.length
    return this.#count++ % 3 === 0 ? sleep(1) : undefined
  }

  get content(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

/** Sends a piece in chunks, through memory that is used over and over, as a connection's is. */
async function send({ start, end }: Piece, into: Pick<Sink, 'write'>): Promise<void> {
  const memory = Buffer.alloc(MEBIBYTE)
  for (let at = start; at < end; at += MEBIBYTE) {
    const length = CONTENT.copy(memory, 0, at, Math.min(at + MEBIBYTE, end))
    await into.write(memory.subarray(0, length))
    await sleep(Math.random() * 3)
  }
}

test('pieces come in any order and at the same time, the sink gets them in theirs', async () => {
  const sink = new Sink()
  sink.write(CONTENT.subarray(0, 1000))
  let active = 0
  let most = 0
  await bringInPieces({ size: CONTENT.length, piece: PIECE }, sink, async (piece, into) => {
    most = Math.max(most, ++active)
    await sleep(Math.random() * 30)
    await send(piece, into)
    active--
  })
  expect(digestOf(sink.content)).toBe(digestOf(CONTENT))
  expect(most).toBeGreaterThan(2)
})

test.for([0, 2, 5])('when piece %d fails, the sink has what is before it, and nobody writes any more', async (bad) => {
  const sink = new Sink()
  let asked = 0
  const running = bringInPieces({ size: CONTENT.length, piece: PIECE }, sink, async (piece, into) => {
    const isBad = asked++ === bad
    await send(isBad ? { ...piece, end: piece.start + MEBIBYTE } : piece, into)
    if (isBad) throw new Error('broken')
  })
  await expect(running).rejects.toThrow('broken')
  const { received } = sink
  expect(received).toBeGreaterThanOrEqual(bad * PIECE)
  expect(received).toBeLessThanOrEqual(bad * PIECE + MEBIBYTE)
  expect(sink.content.equals(CONTENT.subarray(0, received))).toBe(true)
  await sleep(20)
  expect(sink.received).toBe(received)
})

test('a sink that fails ends it', async () => {
  const failing = {
    received: 0,
    write(chunk: Uint8Array): undefined {
      this.received += chunk.length
      if (this.received > 20 * MEBIBYTE) throw new Error('full')
    },
  }
  await expect(bringInPieces({ size: CONTENT.length, piece: PIECE }, failing, send)).rejects.toThrow('full')
})

test('more connections are taken for what would take long, while they lie idle', async () => {
  const clock = { now: 0 }
  const limit = new ConcurrencyLimit({ start: 2, maximum: 2, now: () => clock.now })
  const arrive = (detector: SlowTransferDetector, milliseconds: number) => {
    clock.now += milliseconds
    return detector.arrived(MEBIBYTE)
  }
  const large = new SlowTransferDetector(limit, 100 * MEBIBYTE, () => clock.now)
  arrive(large, 500)
  expect(arrive(large, 600), 'nearly a minute is left').toBeDefined()
  const short = new SlowTransferDetector(limit, 20 * MEBIBYTE, () => clock.now)
  arrive(short, 2000)
  expect(arrive(short, 2000), 'less than three pieces are left').toBeUndefined()
  const small = new SlowTransferDetector(limit, 40 * MEBIBYTE, () => clock.now)
  for (let count = 0; count < 15; count++) arrive(small, 60)
  expect(arrive(small, 200), 'less than 4 s are left').toBeUndefined()

  const busy = [limit.run(() => sleep(20)), limit.run(() => sleep(20))]
  const beside = new SlowTransferDetector(limit, 100 * MEBIBYTE, () => clock.now)
  arrive(beside, 2000)
  expect(arrive(beside, 2000), 'no connection is idle').toBeUndefined()
  await Promise.all(busy)
})

test.for([
  [100_000, MEBIBYTE],
  [8_000_000, 4_000_000],
  [90_000_000, 8 * MEBIBYTE],
] as const)('at %d bytes a second a piece has %d bytes', ([rate, piece]) => {
  expect(pieceSize(rate)).toBe(piece)
})

/** A link that brings so many bytes a second over each connection. */
const RATE = 6 * MEBIBYTE

async function drip(response: ServerResponse, content: Buffer, rate: number): Promise<void> {
  const step = rate / 20
  for (let at = 0; at < content.length && !response.destroyed; at += step) {
    response.write(content.subarray(at, at + step))
    await sleep(50)
  }
  response.end()
}

/** Reads a large blob over such a link; gives the ranges that were asked for. */
async function readSlowly(misbehave: Misbehave = () => false): Promise<{ ranges: string[]; most: number }> {
  const registry = await MemoryRegistry.start()
  const blob = registry.addBlob('app', CONTENT.subarray(0, 6 * RATE))
  // Once it has misbehaved, nothing is left to wait for.
  let rate = RATE
  const ranges: string[] = []
  let active = 0
  let most = 0
  registry.misbehave = (request, response, content) => {
    const { range = '' } = request.headers
    ranges.push(range)
    most = Math.max(most, ++active)
    response.on('close', () => active--)
    if (misbehave(request, response, content)) {
      rate = 10 * RATE
      return true
    }
    const [, from = '0', to] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? []
    const [start, end] = [Number(from), to ? Number(to) + 1 : content.length]
    response.writeHead(range ? 206 : 200, {
      'content-length': end - start,
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }),
    })
    return drip(response, content.subarray(start, end), rate)
  }
  const client = new RegistryClient({ retry: { attempts: 3, delay: 1 } })
  onTestFinished(() => client.close())
  const sink = new Sink()
  await client.readBlob(parseReference(`${registry.host}/app:1`), blob, sink)
  expect(digestOf(sink.content)).toBe(blob.digest)
  return { ranges, most }
}

test('a large blob that comes slowly comes over several connections', async () => {
  const { ranges, most } = await readSlowly()
  expect(ranges[0]).toBe('')
  expect(ranges.length).toBeGreaterThan(3)
  expect(most).toBeGreaterThan(2)
})

test.for<[what: string, misbehave: Misbehave]>([
  ['is ignored', ({ headers }, response, content) => !!headers.range && response.end(content)],
  [
    'is answered with another part',
    ({ headers }, response, content) =>
      /-\d/.test(headers.range ?? '') &&
      response.writeHead(206, { 'content-range': `bytes 0-9/${content.length}` }).end(content.subarray(0, 10)),
  ],
  [
    'is answered with less',
    ({ headers: { range = '' } }, response, content) => {
      const [, start = '', end] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
      if (!end) return false
      response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${content.length}` })
      return response.end(content.subarray(Number(start), Number(start) + 1000))
    },
  ],
  ['is refused', ({ headers }, response) => /-\d/.test(headers.range ?? '') && response.writeHead(416).end()],
])('where a range %s, the blob comes over one connection', async ([, misbehave]) => {
  const { ranges } = await readSlowly(misbehave)
  expect(ranges.at(-1)).toMatch(/^bytes=\d+-$/)
})
