import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startUploadServer } from '../support/upload-server.ts'

const LAYER = randomBytes(1_000_000)

let registry: MemoryRegistry
let directory: string

beforeEach(async () => {
  registry = await MemoryRegistry.start()
  directory = await temporaryDirectory()
  registry.addImage('app', '1', [LAYER])
})

const bundle = (...options: string[]) =>
  runCli(['bundle', '--image', `${registry.host}/app:1`, '-o', join(directory, 'out.tar'), ...options])

/** Sends the first half of the layer, and then so little that no idle time-out ends it. Gives when it last began. */
function crawl(): { began: number } {
  const state = { began: Number.POSITIVE_INFINITY }
  registry.misbehave = ({ headers }, response, content) => {
    if (content.length !== LAYER.length || headers.range) return false
    state.began = performance.now()
    response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 500_000))
    let at = 500_000
    const timer = setInterval(() => {
      response.write(content.subarray(at, at + 1000))
      at += 1000
    }, 50)
    return response.on('close', () => clearInterval(timer))
  }
  return state
}

test('--timeout ends the whole run, and the same command goes on where it ended', async () => {
  const layer = crawl()
  // On a busy machine a run may need seconds before the first byte.
  let hadTime = false
  for (let seconds = 3; !hadTime; seconds *= 2) {
    for (const name of await readdir(directory)) await rm(join(directory, name))
    const { exitCode, stderr } = await bundle('--timeout', `${seconds}s`)
    expect(stderr).toContain(`error: not done after ${seconds}s, as --timeout says\n`)
    expect(stderr).toContain('try: Run the same command again')
    expect(stderr).toContain('code: TIMED_OUT')
    expect(exitCode).toBe(3)
    hadTime = performance.now() - layer.began > 1500
  }
  expect((await readdir(directory)).sort()).toEqual(['out.tar.partial', 'out.tar.partial.journal'])

  const resumed = await bundle('--timeout', '10m')
  expect(resumed).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/downloaded [1-5]\d\d kB/) })
  expect(await runCli(['verify', join(directory, 'out.tar')])).toMatchObject({ exitCode: 0 })
})

test('it ends a lock too, whatever retries would still do', async () => {
  registry.misbehave = () => true
  const args = ['lock', '--image', `${registry.host}/app:1`, '-o', join(directory, 'out.lock')]
  const { exitCode, stderr } = await runCli([
    ...args,
    '--timeout',
    '2s',
    '--retries',
    '1000',
    '--idle-timeout',
    '300ms',
  ])
  expect(stderr).toMatch(/error: not done after 2s.*\n.*\n {2}code: TIMED_OUT/)
  expect(exitCode).toBe(3)
})

test('and a push', async () => {
  expect(await bundle()).toMatchObject({ exitCode: 0 })
  const { host } = await startUploadServer({ cutAfter: Number.POSITIVE_INFINITY, silent: true })
  const { exitCode, stderr } = await runCli(['push', join(directory, 'out.tar'), host, '--timeout', '2s'])
  expect(stderr).toContain('code: TIMED_OUT')
  expect(exitCode).toBe(3)
})

test('--idle-timeout ends a request that brings nothing', async () => {
  registry.misbehave = (_request, response, content) =>
    content.length === LAYER.length && response.writeHead(200).write(content.subarray(0, 1000))
  const { exitCode, stderr } = await bundle('--idle-timeout', '300ms', '--retries', '1')
  expect(stderr).toContain('no data for 0.3 s')
  expect(exitCode).toBe(3)
})

test.for<[text: string, hint: string]>([
  ['30', 'Add a unit: 30s or 30m.'],
  ['soon', 'Write it as 90s, 30m or 1h30m.'],
])('--timeout %s is refused', async ([text, hint]) => {
  expect(await bundle('--timeout', text)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(hint) })
})

test('a directory that is not there is said before any registry is asked', async () => {
  const out = join(directory, 'none', 'out')
  for (const command of ['bundle', 'lock']) {
    expect(await runCli([command, '--image', `${registry.host}/app:1`, '-o', out])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`${out}: there is no directory ${join(directory, 'none')}`),
    })
  }
  expect(registry.requests).toEqual([])
})
