import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { printingProgram } from '../../src/demo/program.ts'

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' } as const

test('the program of this processor prints its line and waits to be killed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-program-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'program')
  await writeFile(file, printingProgram(ARCHITECTURES[process.arch as keyof typeof ARCHITECTURES], 'shop/web is up'), {
    mode: 0o755,
  })
  const program = spawn(file)
  const [output] = (await once(program.stdout, 'data')) as [Buffer]
  expect(`${output}`).toBe('shop/web is up\n')
  expect(program.exitCode).toBeNull()
  program.kill()
  expect(await once(program, 'exit')).toEqual([null, 'SIGTERM'])
})
