import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test.for<[name: string, flags: string[], code: string, message: string]>([
  ['a word that is no platform', ['--platform', 'foo'], 'PLATFORM_INVALID', 'nothing is made for foo'],
  ['a slip in a platform', ['--platform', 'linux/amd46'], 'PLATFORM_INVALID', 'nothing is made for amd46'],
  ['a system that there is not', ['--platform', 'lunix/amd64'], 'PLATFORM_INVALID', 'nothing is made for lunix'],
  ['a tool that is no program', ['--tool', 'package.json'], 'USAGE', 'package.json: not a program for Linux'],
  ['a tool that is not there', ['--tool', 'no-such-file'], 'INPUT_NOT_FOUND', 'no-such-file'],
  ['no pull policy', ['--policy', 'Sometimes'], 'USAGE', 'Sometimes'],
])('%s is refused before a registry is asked', async ([, flags, code, message]) => {
  const registry = await MemoryRegistry.start()
  registry.addImage('web', '1', [Buffer.from('web')])
  const directory = await temporaryDirectory()
  const file = join(directory, 'web.yaml')
  await writeFile(file, JSON.stringify({ kind: 'Pod', spec: { containers: [{ image: `${registry.host}/web:1` }] } }))
  const { exitCode, stdout } = await runCli(['bundle', file, '-o', join(directory, 'out.tar'), ...flags, '--json'])
  expect(exitCode).toBe(2)
  expect(JSON.parse(stdout).error).toMatchObject({ code, message: expect.stringContaining(message) })
  expect(registry.requests).toEqual([])
})
