import { spawn } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runTool } from '../../src/tools/run-tool.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const LIMITS = { timeout: 30_000, maxBytes: 1024 * 1024 }

/** A program of the test's own. */
async function program(body: string): Promise<{ path: string; folder: string }> {
  const folder = await temporaryDirectory()
  const path = join(folder, 'tool')
  await writeFile(path, `#!/bin/sh\n${body}\n`)
  await chmod(path, 0o755)
  return { path, folder }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function pidIn(file: string): Promise<number> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (/^\d+\n/.test(text)) return Number(text)
    await wait(20)
  }
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await wait(20)
}

test('arguments reach a program as they are', async () => {
  const { path } = await program('printf "%s|" "$@"; cat')
  const result = await runTool(path, ['a b', '$(x)', '', "'", '--y=1'], LIMITS)
  expect(result).toEqual({ outcome: 'done', stdout: "a b|$(x)||'|--y=1|" })
})

test('how a program failed is told in its own words', async () => {
  const { path } = await program('echo one >&2; echo two >&2; exit 3')
  expect(await runTool(path, [], LIMITS)).toEqual({ outcome: 'failed', stderr: 'one\ntwo\n', why: 'two' })
  const { path: silent } = await program('exit 3')
  expect(await runTool(silent, [], LIMITS)).toMatchObject({ outcome: 'failed', why: 'ended with 3' })
})

test('a program that is not there is missing', async () => {
  expect(await runTool('/nowhere/tool', [], LIMITS)).toEqual({ outcome: 'missing' })
  expect(await runTool('no-such-tool-anywhere', [], LIMITS)).toEqual({ outcome: 'missing' })
})

test('a program that takes too long is ended, with what it started', async () => {
  const { path, folder } = await program(`sleep 1000 & echo $! > "$0.pid"; wait`)
  const result = await runTool(path, [], { ...LIMITS, timeout: 300 })
  expect(result).toMatchObject({ outcome: 'failed', why: 'took longer than 0.3 s' })
  await untilDead(await pidIn(join(folder, 'tool.pid')))
})

test('a program that prints without end is ended', async () => {
  const { path } = await program('while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done')
  expect(await runTool(path, [], LIMITS)).toMatchObject({ outcome: 'failed', why: 'printed more than 1 MiB' })
})

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL'] as const
const GROUPS = [
  { hasGroup: true, body: 'sleep 1000 & echo $! > "$0.pid"; wait' },
  { hasGroup: false, body: 'echo $$ > "$0.pid"; exec sleep 1000' },
]

test.for(SIGNALS.flatMap((signal) => GROUPS.map((group) => ({ signal, ...group }))))(
  'a program ends when the process that started it is ended by $signal (own group: $hasGroup)',
  async ({ signal, hasGroup, body }) => {
    const { path, folder } = await program(body)
    const module = new URL('../../src/tools/run-tool.ts', import.meta.url).href
    const options = JSON.stringify({ timeout: 600_000, maxBytes: 1, hasGroup })
    const script = `import { runTool } from '${module}'\nawait runTool('${path}', [], ${options})`
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' })
    const pid = await pidIn(join(folder, 'tool.pid'))
    expect(isAlive(pid)).toBe(true)
    parent.kill(signal)
    await untilDead(pid)
  },
)
