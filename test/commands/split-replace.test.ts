import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let directory: string
let registry: MemoryRegistry
const at = (name: string) => join(directory, name)
const bundle = (...options: string[]) =>
  runCli(['bundle', '--image', `${registry.host}/app:1`, '-o', at('out.tar'), ...options])
const names = async () => (await readdir(directory)).sort()
const parts = (count: number) => Array.from({ length: count }, (_, at) => `out.tar.part00${at + 1}`)

/** A bundle of some 400 kB: many parts of 64 KiB, fewer of 128 KiB. */
beforeEach(async () => {
  directory = await temporaryDirectory()
  registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.alloc(350_000, 'layer')])
})

const SHAPES: readonly [name: string, options: string[], partSize?: number][] = [
  ['one file', []],
  ['many parts', ['--split', '64KiB'], 64 << 10],
  ['few parts', ['--split', '128KiB'], 128 << 10],
  ['one part', ['--split', '10MB'], 10_000_000],
]

/** The files of a bundle of that shape, as many as its bytes need. */
async function shaped(partSize?: number): Promise<string[]> {
  if (partSize === undefined) return ['out.tar']
  const sizes = await Promise.all((await names()).map(async (name) => (await stat(at(name))).size))
  return parts(Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / partSize))
}

const CHANGES = ['01', '10', '12', '21', '13', '30'].map((pair) => {
  const [from, to] = [SHAPES[Number(pair[0])]!, SHAPES[Number(pair[1])]!]
  return [from[0], to[0], from, to] as const
})

test.for(CHANGES)(
  '%s become %s only with --force, and nothing of the old is left',
  async ([, , [, before, oldSize], [, after, newSize]]) => {
    expect(await bundle(...before)).toMatchObject({ exitCode: 0 })
    const old = await shaped(oldSize)
    expect(await names()).toEqual(old)
    const refused = await bundle(...after)
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('but not in such parts') })
    expect(await names()).toEqual(old)
    expect(await bundle(...after, '--force')).toMatchObject({ exitCode: 0 })
    expect(await names()).toEqual(await shaped(newSize))
    expect(await runCli(['verify', at('out.tar')])).toMatchObject({ exitCode: 0 })
    const again = await bundle(...after)
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is up to date') })
  },
)

/** What lies where parts go, and whether --force may replace it. */
const STRAYS: readonly [what: string, make: () => Promise<unknown>, force: boolean, said: RegExp][] = [
  [
    'a later part of nothing',
    () => writeFile(at('out.tar.part009'), 'x'),
    false,
    /out\.tar\.part009: is there already/,
  ],
  ['the next part', () => writeFile(at('out.tar.part005'), 'x'), false, /out\.tar\.part005: is there already/],
  ['a first part that is no bundle’s', () => writeFile(at('out.tar.part001'), 'x'), true, /out\.tar/],
  [
    'a directory for a part',
    () => mkdir(at('out.tar.part002')),
    false,
    /out\.tar\.part002: is there already\n.*no file/,
  ],
  ['a link for a part', () => symlink('/etc/hostname', at('out.tar.part003')), false, /part003: is there/],
  [
    'a row that is no bundle',
    async () => {
      for (const name of parts(6)) await writeFile(at(name), 'x')
    },
    false,
    /out\.tar\.part005: is there already/,
  ],
]

test.for(STRAYS)('%s is never read as a part of what is written beside it', async ([, make, force, said]) => {
  await make()
  const before = await names()
  expect(await bundle('--split', '128KiB')).toMatchObject({ exitCode: 2 })
  expect(await names()).toEqual(before)
  const forced = await bundle('--split', '128KiB', '--force')
  expect(forced.exitCode, forced.stderr).toBe(force ? 0 : 2)
  if (force) {
    expect(await names()).toEqual(parts(4))
    expect(await runCli(['verify', at('out.tar')])).toMatchObject({ exitCode: 0 })
  } else {
    expect(forced.stderr).toMatch(said)
    expect(await names()).toEqual(before)
  }
})

test('parts of an older, longer run go, also where that bundle is damaged', async () => {
  await bundle('--split', '64KiB')
  const third = await readFile(at('out.tar.part003'))
  await writeFile(
    at('out.tar.part003'),
    third.map((byte) => byte ^ 1),
  )
  expect(await bundle('--split', '128KiB', '--force')).toMatchObject({ exitCode: 0 })
  expect(await names()).toEqual(parts(4))
  expect(await runCli(['verify', at('out.tar')])).toMatchObject({ exitCode: 0 })
})

test('where a part of the older bundle is missing, nobody can tell whose the later ones are', async () => {
  await bundle('--split', '64KiB')
  await rm(at('out.tar.part002'))
  const { exitCode, stderr } = await bundle('--split', '128KiB', '--force')
  expect(stderr).toMatch(/out\.tar\.part00\d: is there already\n {2}try: It would be read as a part/)
  expect(exitCode).toBe(2)
})

test('one file is written beside parts of somebody, which nobody reads then', async () => {
  await writeFile(at('out.tar.part004'), 'x')
  expect(await bundle('--force')).toMatchObject({ exitCode: 0 })
  expect(await names()).toEqual(['out.tar', 'out.tar.part004'])
  expect(await runCli(['verify', at('out.tar')])).toMatchObject({ exitCode: 0 })
})

test('no bundle gets the name of a part', async () => {
  const { exitCode, stderr } = await runCli(['bundle', '--image', 'a', '-o', at('out.tar.part001')])
  expect(stderr).toMatch(/has the name of a part[\s\S]*try: Name the whole, \S+out\.tar;/)
  expect(exitCode).toBe(2)
})
