import { existsSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { Parser } from '@oclif/core'
import { expect, test } from 'vitest'
import type { BaseCommand } from '../../src/cli/base-command.ts'
import { runCli } from '../support/cli.ts'

const files = (await Array.fromAsync(glob('src/commands/**/*.ts'))).sort()

test.for(files)('%s: the help is whole, and its examples are calls that the command takes', async (file) => {
  const id = file.replace(/^src\/commands\/|\.ts$/g, '').replaceAll('/', ' ')
  const command = ((await import(/* @vite-ignore */ `${process.cwd()}/${file}`)) as { default: typeof BaseCommand })
    .default
  expect(command.summary, 'a fragment in lower case').toMatch(/^[a-z].*[^.]$/)
  expect(command.description ?? '', 'one paragraph, which the terminal breaks').not.toContain('\n')
  expect(command.enableJsonFlag).toBe(true)
  const examples = (command.examples ?? []) as string[]
  expect(examples.length).toBeGreaterThan(0)
  for (const example of examples) {
    const [, rest] = example.split('<%= config.bin %> <%= command.id %>')
    expect(rest, `${id}: ${example}`).toBeDefined()
    const words = (rest?.split(/ [|>] /)[0] ?? '').split(' ').filter(Boolean)
    await Parser.parse(words, {
      args: command.args,
      flags: { ...command.baseFlags, ...command.flags },
      strict: command.strict,
    })
    for (const word of words.filter((word) => word.startsWith('examples/'))) expect(existsSync(word), word).toBe(true)
  }
})

test.for(files)('%s: a flag that repeats leaves what follows it to the arguments', async (file) => {
  const command = ((await import(/* @vite-ignore */ `${process.cwd()}/${file}`)) as { default: typeof BaseCommand })
    .default
  const greedy = Object.entries(command.flags ?? {}).filter(
    ([, flag]) => flag.type === 'option' && flag.multiple && !flag.multipleNonGreedy,
  )
  expect(greedy.map(([name]) => name)).toEqual([])
})

test.for([
  [['-h'], ['--help']],
  [['help'], ['--help']],
  [
    ['scan', '-h'],
    ['scan', '--help'],
  ],
  [
    ['help', 'scan'],
    ['scan', '--help'],
  ],
  [['version'], ['--version']],
])('%j says what %j says', async ([args, same]) => {
  const answer = await runCli(args as string[])
  expect(answer).toMatchObject({ exitCode: 0, stderr: '' })
  expect(answer).toEqual(await runCli(same as string[]))
})
