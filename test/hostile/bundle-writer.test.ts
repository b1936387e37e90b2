import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { PROGRAM, runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const LAYER = randomBytes(3_000_000)

/** A registry that sends half of the layer and then waits until it is told to go on. */
async function halting() {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  const held = Promise.withResolvers<void>()
  registry.misbehave = (_request, response, content) => {
    if (content !== LAYER) return false
    response.writeHead(200, { 'content-length': LAYER.length })
    response.write(LAYER.subarray(0, 2_000_000))
    held.resolve()
    return true
  }
  const out = join(await temporaryDirectory(), 'out.tar')
  return { registry, held: held.promise, out, args: ['bundle', '--image', `${registry.host}/app:1`, '-o', out] }
}

function start(args: string[], within: string[] = []): ChildProcess {
  const [program = '', ...rest] = [...within, process.execPath, PROGRAM, ...args]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Waits until the journal says that something arrived. */
async function arrived(out: string): Promise<void> {
  while (!(await readFile(`${out}.partial.journal`, 'utf8').catch(() => '')).includes('\nsha256')) await sleep(20)
}

test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s: what arrived stays, and that is said', async (signal) => {
  const { registry, held, out, args } = await halting()
  const child = start(args)
  const said = text(child.stderr!)
  await held
  await arrived(out)
  child.kill(signal)
  expect(await once(child, 'exit')).toEqual([null, signal])
  expect(await said).toMatch(/^kept \S+out\.tar\.partial \(1\.\d of 3\.1 MB\); the same command goes on$/m)
  expect((await readdir(dirname(out))).sort()).toEqual(['', '.journal'].map((end) => `out.tar.partial${end}`))
  registry.misbehave = undefined
  expect(await runCli(args)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/downloaded [12]\.\d MB/) })
  expect(await readdir(dirname(out))).toEqual(['out.tar'])
})

test.for(['SIGINT', 'SIGKILL'] as const)(
  '%s before the first byte of a layer: the next run leaves nothing of it',
  async (signal) => {
    const { registry, out, args } = await halting()
    const asked = Promise.withResolvers<void>()
    registry.misbehave = (_request, _response, content) => {
      if (content === LAYER) asked.resolve()
      return content === LAYER
    }
    const child = start(args)
    await asked.promise
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([null, signal])
    registry.misbehave = undefined
    expect(await runCli(args)).toMatchObject({ exitCode: 0 })
    expect(await readdir(dirname(out))).toEqual(['out.tar'])
  },
)

test('a failure tells what it keeps', async () => {
  const { registry, out, args } = await halting()
  const { misbehave } = registry
  registry.misbehave = (request, response, content) => {
    const taken = misbehave?.(request, response, content)
    if (taken) setTimeout(() => response.destroy(), 500)
    return taken
  }
  const { exitCode, stderr } = await runCli([...args, '--retries', '0'])
  expect(stderr).toMatch(/^kept \S+out\.tar\.partial \(1\.\d of 3\.1 MB\); the same command goes on$/m)
  expect(exitCode).toBe(3)
  expect(await readdir(dirname(out))).toContain('out.tar.partial')
})

testWith([], { root: true })('of two containers with one output, both process 1 of theirs, one writes', async () => {
  const { registry, held, out, args } = await halting()
  const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
  const first = start(args, container)
  await held
  await arrived(out)
  const second = start(args, container)
  const said = text(second.stderr!)
  expect(await once(second, 'exit')).toEqual([2, null])
  expect(await said).toMatch(/out\.tar: another run is writing it now\n {2}try: Wait for it/)
  first.kill('SIGKILL')
  await once(first, 'exit')
  registry.misbehave = undefined
  expect(await runCli(args)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('downloaded 1.') })
  expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
})

test('a process that has the number of the one that was killed stops nobody', async () => {
  const { registry, held, out, args } = await halting()
  const first = start(args)
  await held
  await arrived(out)
  first.kill('SIGKILL')
  await once(first, 'exit')
  const journal = `${out}.partial.journal`
  await writeFile(journal, (await readFile(journal, 'utf8')).replace('{', `{"pid":${process.pid},`))
  registry.misbehave = undefined
  expect(await runCli(args)).toMatchObject({ exitCode: 0 })
})

const ENDS = ['.partial', '.partial.journal', '.partial.manifests']

test.for(ENDS)('a link under the name %s is neither followed nor removed', async (end) => {
  const { registry, out, args } = await halting()
  registry.misbehave = undefined
  const victim = join(dirname(out), 'authorized_keys')
  await writeFile(victim, 'keys')
  await symlink(victim, `${out}${end}`)
  const { exitCode, stderr } = await runCli(args)
  expect(exitCode).toBe(end === '.partial.manifests' ? 0 : 2)
  if (exitCode !== 0) expect(stderr).toMatch(/is there already\n {2}try: No run of nodeseed left it\. Move it away/)
  expect(await readFile(victim, 'utf8')).toBe('keys')
  expect(await readdir(dirname(out))).toContain(`out.tar${end}`)
  expect((await readdir(dirname(out))).filter((name) => name.startsWith('.'))).toEqual([])
})

test.for(ENDS)('a file of somebody under the name %s stays as it is', async (end) => {
  const { registry, out, args } = await halting()
  registry.misbehave = undefined
  await writeFile(`${out}${end}`, 'my notes')
  expect(await runCli(args)).toMatchObject({ exitCode: end === '.partial.manifests' ? 0 : 2 })
  expect(await readFile(`${out}${end}`, 'utf8')).toBe('my notes')
})

test('who publishes, publishes its own file', async () => {
  const { registry, held, out, args } = await halting()
  const { misbehave } = registry
  const goOn = Promise.withResolvers<void>()
  registry.misbehave = (request, response, content) => {
    const taken = misbehave?.(request, response, content)
    if (taken) goOn.promise.then(() => response.end(LAYER.subarray(2_000_000)))
    return taken
  }
  const child = start(args)
  const said = text(child.stderr!)
  await held
  await rm(`${out}.partial`)
  await writeFile(`${out}.partial`, Buffer.alloc(LAYER.length))
  goOn.resolve()
  expect(await once(child, 'exit')).toEqual([2, null])
  expect(await said).toContain('out.tar.partial: another program removed or replaced it')
  expect(await readdir(dirname(out))).not.toContain('out.tar')
})
