import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

interface Step {
  readonly title: string
  readonly command: string
  readonly said: string[]
}

async function demo(directory: string): Promise<Step[]> {
  const { exitCode, stdout, stderr } = await runCli(['demo', '--output', directory, '--json'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout).steps
}

test('the demo goes from impossible to safe, and says how', async () => {
  const directory = join(await temporaryDirectory(), 'demo')
  const steps = await demo(directory)
  expect(steps.map(({ title }) => title)).toEqual([
    'scan',
    'audit, before',
    'lock',
    'bundle',
    'verify',
    'seed',
    'audit, after',
  ])
  expect(steps[1]?.said).toContain('4 impossible:')
  expect(steps[6]?.said).toContain('4 safe:')
  expect((await readdir(directory)).sort()).toEqual([
    '.nodeseed-files',
    'about-this-demo.txt',
    'after',
    'seed',
    'shop.lock',
    'shop.tar',
  ])
})

test('what the demo says one would type does the same', async () => {
  const directory = join(await temporaryDirectory(), 'demo')
  const steps = await demo(directory)
  const exitCodes = new Map([
    ['scan', 0],
    ['audit, before', 4],
    ['verify', 0],
    ['seed', 0],
    ['audit, after', 0],
  ])
  for (const { title, command } of steps) {
    const expected = exitCodes.get(title)
    if (expected === undefined) continue // needs the registry, which ended with the demo
    const args = command.split(' ').slice(1)
    const { exitCode, stderr } = await runCli(title === 'seed' ? [...args, '--force'] : args)
    // Before anything is seeded, audit says which step comes next.
    const said = stderr.replace(/^what comes next: .*\n(?: {2}\d\. nodeseed .*\n)+/, '')
    expect({ command, exitCode, said }).toEqual({ command, exitCode: expected, said: '' })
  }
  // What was made anew within its directory is still known for nodeseed's.
  await demo(directory)
})

test('it runs again where it ran before, and leaves other directories alone', async () => {
  const directory = await temporaryDirectory()
  await demo(join(directory, 'demo'))
  await demo(join(directory, 'demo'))
  await writeFile(join(directory, 'mine.txt'), 'mine')
  const { exitCode, stderr } = await runCli(['demo', '--output', directory])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('holds no .nodeseed-files, so it is no output of nodeseed')
})
