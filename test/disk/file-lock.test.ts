import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { FileLock } from '../../src/disk/file-lock.ts'
import { lockNameBeside } from '../../src/disk/own-name.ts'
import { testWith } from '../support/debian.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const HOLDER = fileURLToPath(new URL('../support/hold-lock.ts', import.meta.url))

async function target() {
  return join(await temporaryDirectory(), 'shop.tar')
}

/** Another process that has the lock. */
async function holder(file: string, within: string[] = []): Promise<ChildProcess> {
  const [program = '', ...args] = [...within, process.execPath, HOLDER, file]
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

const isHeld = { code: 'OUTPUT_EXISTS', message: expect.stringMatching(/shop\.tar: another run is writing it now$/) }

test('one at a time, within a process and between two; the next one gets it when the first is done', async () => {
  const file = await target()
  const first = await FileLock.acquire(file)
  await expect(FileLock.acquire(file)).rejects.toMatchObject(isHeld)
  first.release()
  const other = await holder(file)
  await expect(FileLock.acquire(file)).rejects.toMatchObject(isHeld)
  const waiting = FileLock.acquire(file, { patience: 60_000 })
  other.stdin?.end()
  const last = await waiting
  last.release()
  expect(await readdir(dirname(file))).toEqual([])
})

test.for(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s gives the lock back', async (signal) => {
  const file = await target()
  const other = await holder(file)
  const ended = once(other, 'exit')
  other.kill(signal)
  expect(await ended).toEqual([null, signal])
  if (signal !== 'SIGKILL') expect(await readdir(dirname(file))).toEqual([])
  const lock = await FileLock.acquire(file)
  lock.release()
  expect(await readdir(dirname(file))).toEqual([])
})

testWith([], { root: true })(
  'it holds between process and network namespaces, where both may be process 1',
  async () => {
    const file = await target()
    const container = ['unshare', '--pid', '--net', '--fork', '--kill-child']
    await holder(file, container)
    await expect(FileLock.acquire(file)).rejects.toMatchObject(isHeld)
    const second = spawn(container[0]!, [...container.slice(1), process.execPath, HOLDER, file], { stdio: 'pipe' })
    const said: Buffer[] = []
    second.stderr.on('data', (chunk: Buffer) => said.push(chunk))
    expect(await once(second, 'close')).toEqual([1, null])
    expect(Buffer.concat(said).toString()).toContain('another run is writing it now')
  },
)

test('of many that want it at once one has it at any time, and all get it', async () => {
  const file = await target()
  let having = 0
  let most = 0
  const turn = async () => {
    const lock = await FileLock.acquire(file, { patience: 60_000 })
    most = Math.max(most, ++having)
    await new Promise((resolve) => setTimeout(resolve, 1))
    having--
    lock.release()
  }
  await Promise.all(Array.from({ length: 20 }, turn))
  expect({ most, having }).toEqual({ most: 1, having: 0 })
})

test('neither a link nor a file of somebody under its name is followed or changed', async () => {
  const file = await target()
  const victim = join(dirname(file), 'victim')
  await symlink(victim, lockNameBeside(file))
  await expect(FileLock.acquire(file)).rejects.toMatchObject({ code: 'DISK_ERROR' })
  expect(await readdir(dirname(file))).not.toContain('victim')

  const other = await target()
  await writeFile(lockNameBeside(other), 'no lock of ours, and no database')
  await expect(FileLock.acquire(other)).rejects.toMatchObject({
    code: 'DISK_ERROR',
    message: `${other}: cannot be locked: file is not a database`,
  })
})
