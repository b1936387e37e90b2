import { spawn } from 'node:child_process'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PROGRAM, runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** How often the run is killed; a release is tried with more. */
const KILLS = Number(process.env.NODESEED_KILLS ?? 8)
/** What may be on its way when a run is killed: two batches to the disk, and what the journal did not note yet. */
const TAIL = 6 << 20

const LAYERS = 6
const LAYER_BYTES = 16_000_000

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

test(`killed ${KILLS} times, a run ends with the bytes of one that was not, and fetches only tails twice`, async () => {
  const registry = await MemoryRegistry.start()
  const layers = Array.from({ length: LAYERS }, () => randomBytes(LAYER_BYTES))
  registry.addImage('app', '1', layers)
  const directory = await temporaryDirectory()
  const args = (out: string) => [
    ...['bundle', '--image', `${registry.host}/app:1`, '--max-connections', '4'],
    ...['-o', join(directory, out)],
  ]
  expect(await runCli(args('whole.tar'))).toMatchObject({ exitCode: 0 })

  const sent = new Map<string, number>()
  const refetched: number[] = []
  let received = 0
  registry.misbehave = ({ url = '', headers, method }, response, content) => {
    if (content.length < 1_000_000 || method !== 'GET') return false
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
    refetched.push((sent.get(url) ?? 0) - start)
    response.writeHead(start ? 206 : 200, {
      'content-length': content.length - start,
      ...(start && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    })
    async function* drip() {
      for (let at = start; at < content.length; at += 65536) {
        yield content.subarray(at, at + 65536)
        received += 65536
        sent.set(url, Math.max(sent.get(url) ?? 0, Math.min(at + 65536, content.length)))
        // Slow enough that there is something left for every kill.
        await sleep(KILLS / 2)
      }
    }
    pipeline(drip, response).catch(() => {}) // the client is killed
    return true
  }
  for (let kills = 0; kills < KILLS; kills++) {
    const child = spawn(process.execPath, [PROGRAM, ...args('killed.tar')], { stdio: 'ignore' })
    // By bytes, not by time: on a busy machine a run may need its time before the first byte.
    const enough = received + randomInt(LAYERS * LAYER_BYTES) / KILLS
    while (received < enough && child.exitCode === null) await sleep(5)
    if (child.exitCode !== null) break
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await readdir(directory)).not.toContain('killed.tar')
  }
  expect(await runCli(args('killed.tar'))).toMatchObject({ exitCode: 0 })
  expect(await hashOf(join(directory, 'killed.tar'))).toBe(await hashOf(join(directory, 'whole.tar')))
  expect((await readdir(directory)).sort()).toEqual(['killed.tar', 'whole.tar'])
  expect(refetched.length).toBeGreaterThan(layers.length)
  expect(Math.max(...refetched)).toBeLessThan(TAIL)
})

test('a finished bundle is not made again, and a changed one downloads only what is new', async () => {
  const registry = await MemoryRegistry.start()
  const [old, added] = [randomBytes(2_000_000), randomBytes(1_000_000)]
  registry.addImage('app', '1', [old])
  const out = join(await temporaryDirectory(), 'out.tar')
  const args = ['bundle', '--image', `${registry.host}/app:1`, '-o', out]
  await runCli(args)
  const blobRequests = () => registry.requests.filter((request) => /^GET .*\/blobs\//.test(request)).length

  const before = blobRequests()
  const again = await runCli(args)
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is up to date') })
  expect(blobRequests()).toBe(before)

  registry.addImage('app', '1', [old, added])
  expect(await runCli(args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('OUTPUT_EXISTS') })
  registry.requests.length = 0
  const changed = await runCli([...args, '--force'])
  expect(changed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('downloaded 1.0 MB') })
  expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
})

test('what an unfinished run with another input left is used', async () => {
  const registry = await MemoryRegistry.start()
  const [finished, broken] = [randomBytes(2_000_000), randomBytes(1_000_000)]
  registry.addImage('app', '1', [finished, broken])
  registry.misbehave = (_request, response, content) => content === broken && response.destroy()
  const out = join(await temporaryDirectory(), 'out.tar')
  const args = ['bundle', '--image', `${registry.host}/app:1`, '--retries', '0', '-o', out]
  expect(await runCli(args)).toMatchObject({ exitCode: 3 })
  registry.misbehave = undefined
  registry.addImage('app', '1', [finished])
  const { exitCode, stdout } = await runCli(args)
  expect(exitCode).toBe(0)
  expect(stdout).toContain('downloaded 0 B')
  expect(await readdir(dirname(out))).toEqual(['out.tar'])
})
