import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let directory: string
let registry: MemoryRegistry
let image: string

const at = (name: string) => join(directory, name)

/** Makes a bundle of what the tag stands for now. */
async function bundle(name: string, content: string, ...args: string[]): Promise<void> {
  registry.addImage('app', '1', [Buffer.from('base'), Buffer.from(content)])
  const { exitCode, stderr } = await runCli(['bundle', '--image', image, '-o', at(name), ...args])
  expect(exitCode, stderr).toBe(0)
}

const shop = (number: number) => ['--set-name', 'shop', '--number', String(number)]

/** Bundles of three editions, and deltas from the first to each of them. */
beforeEach(async () => {
  directory = await temporaryDirectory()
  registry = await MemoryRegistry.start()
  image = `${registry.host}/app:1`
  await bundle('v1.tar', 'one', ...shop(1))
  for (const number of [2, 3, 5]) {
    await bundle(`v${number}.tar`, `content ${number}`, ...shop(number))
    await bundle(`d${number}.tar`, `content ${number}`, ...shop(number), '--since', at('v1.tar'))
  }
  await bundle('d3b.tar', 'others', ...shop(3), '--since', at('v1.tar'))
  await bundle('v3b.tar', 'others', ...shop(3))
  await bundle('tools.tar', 'tools', '--set-name', 'tools', '--number', '9')
})

async function merge(names: readonly string[], ...args: string[]) {
  const run = await runCli(['merge', ...names.map((name) => at(`${name}.tar`)), '-o', at('out.tar'), ...args])
  const lock = run.exitCode === 0 ? JSON.parse((await runCli(['inspect', at('out.tar'), '--json'])).stdout) : undefined
  return { ...run, lock }
}

test('what a merge gives is never an older edition under a newer number', async () => {
  const table: [names: string[], problem: RegExp | undefined, number?: number][] = [
    [['v1', 'd2'], undefined, 2],
    [['v1', 'd2', 'd5'], undefined, 5],
    [['v3', 'd3'], undefined, 3],
    [['v1', 'v5'], undefined, 5],
    [['v5', 'd2'], /d2\.tar must not decide .*: it is number 2 of the set shop, older than number 5/],
    [['v1', 'd5', 'd2'], /d2\.tar must not decide .*: it is number 2 of the set shop, older than number 5/],
    [
      ['v3', 'd3b'],
      /d3b\.tar must not decide .*: it is number 3 of the set shop as what is held, and holds other images/,
    ],
    [['v5', 'v3'], /v3\.tar must not decide .*: it is number 3 of the set shop, older than number 5/],
    [['v3', 'v3b'], /v3b\.tar must not decide .*: it is number 3 of the set shop as what is held/],
    [['v5', 'tools', 'd2'], /d2\.tar must not decide/],
  ]
  for (const [names, problem, number] of table) {
    const { exitCode, stderr, lock } = await merge(names, '--force')
    if (problem) {
      expect({ names, exitCode }).toEqual({ names, exitCode: 4 })
      expect(stderr).toMatch(problem)
      expect(stderr).toContain('--allow-older')
    } else {
      expect({ names, exitCode, edition: lock.edition }, stderr).toEqual({
        ...{ names, exitCode: 0 },
        edition: { set: 'shop', number },
      })
    }
  }
})

test.for([
  { names: ['v5', 'd2'], number: 2 },
  { names: ['v5', 'v3'], number: 3 },
])('--allow-older says it, and what it gives is older: $names', async ({ names, number }) => {
  const { exitCode, stderr, lock } = await merge(names, '--allow-older')
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain('must not decide over what is named before it')
  expect(lock.edition).toEqual({ set: 'shop', number })
  const verified = await runCli(['verify', at('out.tar'), '--newer-than', at('v5.tar')])
  expect(verified.exitCode).toBe(4)
})

test('of several sets it is none, and says so unless its set is named', async () => {
  const unnamed = await merge(['v3', 'tools'])
  expect(unnamed.stderr).toMatch(
    /is of the set images, not of those .* \(number 3 of the set shop, number 9 of the set tools\)/,
  )
  const named = await merge(['v3', 'tools'], '--force', '--set-name', 'all', '--number', '4')
  expect(named.stderr).not.toContain('not of those')
  expect(named.lock.edition).toEqual({ set: 'all', number: 4 })
})

test('two projects that named no set are told so, unless the set or the number of what comes out is named', async () => {
  await bundle('one.tar', 'one')
  await bundle('two.tar', 'two')
  const unnamed = await merge(['one', 'two'])
  expect(unnamed.stderr).toMatch(
    /with other images that are all number 1 of the set images: nobody can tell which is newer/,
  )
  for (const args of [
    ['--set-name', 'both'],
    ['--number', '2'],
  ])
    expect((await merge(['one', 'two'], '--force', ...args)).stderr).not.toContain('nobody can tell')
})
