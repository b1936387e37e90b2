import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, readdir, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ownCacheDirectory } from '../../src/cli/compile-cache.ts'
import { PROGRAM } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const NOBODY = 65534

test('what is compiled is kept in the cache directory of the user, or where XDG_CACHE_HOME says', async () => {
  const HOME = await temporaryDirectory()
  const XDG_CACHE_HOME = await temporaryDirectory()
  expect(ownCacheDirectory({ HOME })).toBe(join(HOME, '.cache/nodeseed/compiled'))
  expect(ownCacheDirectory({ HOME, XDG_CACHE_HOME })).toBe(join(XDG_CACHE_HOME, 'nodeseed/compiled'))
  expect((await stat(join(HOME, '.cache/nodeseed/compiled'))).mode & 0o777).toBe(0o700)
})

test.for<[string, (home: string) => unknown]>([
  ['the directory itself is writable by others', (home) => open(home, '.cache/nodeseed/compiled', 0o777)],
  ['the group may write to the directory itself', (home) => open(home, '.cache/nodeseed/compiled', 0o770)],
  ['a sticky bit saves the directory itself from nobody', (home) => open(home, '.cache/nodeseed/compiled', 0o1777)],
  ['one above it is writable by others', (home) => open(home, '.cache', 0o777)],
  ['the home directory is writable by its group', (home) => open(home, '.', 0o775)],
  ['a part is a file', (home) => symlink('/etc/passwd', join(home, '.cache'))],
  ['a part leads elsewhere', async (home) => symlink(await temporaryDirectory(), join(home, '.cache'))],
])('nothing is kept where %s', async ([, prepare]) => {
  const HOME = await temporaryDirectory()
  await prepare(HOME)
  expect(ownCacheDirectory({ HOME })).toBeUndefined()
})

test.for([
  {},
  { HOME: '' },
  { HOME: 'here' },
  { HOME: '/nowhere/at/all' },
  { HOME: '/proc' },
  { XDG_CACHE_HOME: '/etc/passwd' },
])('nothing is kept, nor a home directory made, with %j', async (env) => {
  expect(ownCacheDirectory(env)).toBeUndefined()
  await expect(stat('/nowhere')).rejects.toThrow('ENOENT')
})

testWith([], { root: true })('root keeps nothing where another user could replace it', async () => {
  const HOME = await temporaryDirectory()
  expect(ownCacheDirectory({ HOME })).toBeDefined()
  for (const theirs of ['.', '.cache', '.cache/nodeseed', '.cache/nodeseed/compiled']) {
    await chown(join(HOME, theirs), NOBODY, NOBODY)
    expect(ownCacheDirectory({ HOME }), theirs).toBeUndefined()
    await chown(join(HOME, theirs), 0, 0)
  }
  expect(ownCacheDirectory({ HOME })).toBeDefined()
})

testWith([], { root: true })('root makes nothing in the home directory of a user', async () => {
  const HOME = await temporaryDirectory()
  await chown(HOME, NOBODY, NOBODY)
  expect(ownCacheDirectory({ HOME })).toBeUndefined()
  expect(await readdir(HOME)).toEqual([])
})

test('the program keeps it there and nowhere else, and runs where it cannot', async () => {
  const HOME = await temporaryDirectory()
  const TMPDIR = await temporaryDirectory()
  const start = async (home: string) => {
    const env = { PATH: process.env.PATH, HOME: home, TMPDIR }
    return (await promisify(execFile)(process.execPath, [PROGRAM, '--version'], { env })).stdout
  }
  expect(await start(HOME)).toMatch(/^nodeseed\/\d/)
  expect(await readdir(join(HOME, '.cache/nodeseed/compiled'))).toHaveLength(1)
  expect(await start('/proc')).toMatch(/^nodeseed\/\d/)
  expect(await readdir(TMPDIR)).toEqual([])
})

async function open(home: string, path: string, mode: number): Promise<void> {
  await mkdir(join(home, path), { recursive: true })
  await chmod(join(home, path), mode)
}
