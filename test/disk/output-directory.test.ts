import { execFileSync } from 'node:child_process'
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { writeOutputDirectory } from '../../src/disk/output-directory.ts'
import { OWN_FILES } from '../../src/disk/own-files.ts'
import { newNameBeside } from '../../src/disk/own-name.ts'
import { testWith } from '../support/debian.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const OLD = [
  { path: 'seed.sh', content: '#!/bin/sh\n', executable: true },
  { path: 'seeding/kustomization.yaml', content: 'old\n' },
  { path: 'gone/only-old.yaml', content: 'old\n' },
]
const NEW = [
  { path: 'seed.sh', content: '#!/bin/sh\nnew\n', executable: true },
  { path: 'seeding/kustomization.yaml', content: 'new\n' },
  { path: 'seeding/namespace.yaml', content: 'new\n' },
]

async function written(files = OLD) {
  const directory = join(await temporaryDirectory(), 'out')
  await writeOutputDirectory(directory, files, { force: false })
  return directory
}

async function tree(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
}

const replace = (directory: string) => writeOutputDirectory(directory, NEW, { force: true })
const names = (files: readonly { path: string }[], ...more: string[]) =>
  [OWN_FILES, ...files.map(({ path }) => path), ...more].sort()

test('its list is what sha256sum checks', async () => {
  const directory = await written()
  expect(execFileSync('sha256sum', ['-c', OWN_FILES], { cwd: directory, encoding: 'utf8' })).toBe(
    OLD.map(({ path }) => `${path}: OK\n`)
      .sort()
      .join(''),
  )
  expect((await stat(join(directory, 'seed.sh'))).mode & 0o111).not.toBe(0)
  expect(await readdir(dirname(directory))).toEqual(['out'])
})

test('force replaces what is ours and carries over what is not, as it is', async () => {
  const directory = await written()
  const at = (name: string) => join(directory, name)
  await mkdir(at('certs'))
  await mkdir(at('empty'), { mode: 0o700 })
  await writeFile(at('certs/ca.key'), 'key', { mode: 0o600 })
  await writeFile(at('seeding/notes.txt'), 'notes')
  await writeFile(at('gone/mine.txt'), 'mine')
  await symlink('/nowhere', at('link'))
  execFileSync('mkfifo', [at('pipe')])
  const before = await stat(at('certs/ca.key'))
  await replace(directory)
  expect(await tree(directory)).toEqual(
    names(NEW, 'certs/ca.key', 'gone/mine.txt', 'link', 'pipe', 'seeding/notes.txt'),
  )
  expect(await stat(at('certs/ca.key'))).toMatchObject({ ino: before.ino, mode: before.mode, nlink: 1 })
  expect((await stat(at('empty'))).mode & 0o777).toBe(0o700)
  expect(await readFile(at('seeding/kustomization.yaml'), 'utf8')).toBe('new\n')
  expect(await readdir(dirname(directory))).toEqual(['out'])
  // What was carried over is no more ours than before.
  await replace(directory)
  expect(await tree(directory)).toContain('certs/ca.key')
})

test('mode and owner of the directory stay', async () => {
  const directory = await written()
  await chmod(directory, 0o750)
  if (process.getuid?.() === 0) await chown(directory, 12, 34)
  const { uid, gid } = await stat(directory)
  await replace(directory)
  expect(await stat(directory)).toMatchObject({ uid, gid, mode: 0o40750 })
  const empty = join(await temporaryDirectory(), 'empty')
  await mkdir(empty, { mode: 0o700 })
  await writeOutputDirectory(empty, NEW, { force: false })
  expect((await stat(empty)).mode & 0o777).toBe(0o700)
})

test.for<[what: string, spoil: (directory: string) => Promise<unknown>, said: RegExp]>([
  [
    'a file of ours that somebody changed',
    (at) => writeFile(join(at, 'seed.sh'), 'mine'),
    /somebody changed what nodeseed wrote there: seed\.sh$/,
  ],
  [
    'a file of ours that is a link now',
    async (at) => {
      await rename(join(at, 'seed.sh'), join(at, 'other.sh'))
      await symlink('other.sh', join(at, 'seed.sh'))
    },
    /somebody changed what nodeseed wrote there: seed\.sh$/,
  ],
  [
    'a file where one of ours is to be',
    (at) => writeFile(join(at, 'seeding/namespace.yaml'), 'mine'),
    /seeding\/namespace\.yaml: is there already, and nodeseed did not write it$/,
  ],
  [
    'a directory where a file of ours is to be',
    async (at) => {
      await unlink(join(at, 'seed.sh'))
      await mkdir(join(at, 'seed.sh'))
    },
    /seed\.sh: is there already, and nodeseed did not write it$/,
  ],
  [
    'a link where a directory of ours is to be',
    async (at) => {
      await rm(join(at, 'seeding'), { recursive: true })
      await symlink(await temporaryDirectory(), join(at, 'seeding'))
    },
    /seeding: is there already, and nodeseed did not write it$/,
  ],
  ['no list', (at) => unlink(join(at, OWN_FILES)), /holds no \.nodeseed-files, so it is no output of nodeseed$/],
  ['a list of others', (at) => writeFile(join(at, OWN_FILES), 'seed.sh\n'), /holds no \.nodeseed-files/],
  [
    'a list that names files outside',
    async (at) => {
      const list = join(at, OWN_FILES)
      await writeFile(list, `${await readFile(list, 'utf8')}${'0'.repeat(64)}  ../victim\n`)
    },
    /holds no \.nodeseed-files/,
  ],
  [
    'a list that is a link',
    async (at) => {
      await rename(join(at, OWN_FILES), join(at, '..', 'list'))
      await symlink('../list', join(at, OWN_FILES))
    },
    /holds no \.nodeseed-files/,
  ],
])('%s: refused, and nothing is touched', async ([, spoil, said]) => {
  const directory = await written()
  await spoil(directory)
  const before = await tree(directory)
  await expect(replace(directory)).rejects.toMatchObject({
    code: 'OUTPUT_EXISTS',
    message: expect.stringMatching(said),
    hint: expect.any(String),
  })
  expect(await tree(directory)).toEqual(before)
  expect((await readdir(dirname(directory))).filter((name) => name.startsWith('.'))).toEqual([])
})

test('the directory that this runs in is not replaced under its feet', async () => {
  const here = await temporaryDirectory()
  const back = process.cwd()
  process.chdir(here)
  try {
    for (const name of ['.', here, '..']) {
      await expect(writeOutputDirectory(name, NEW, { force: true })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
    }
  } finally {
    process.chdir(back)
  }
})

testWith([], { root: true })('nor one where a file system is mounted', async () => {
  const directory = await written()
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', directory])
  try {
    await expect(writeOutputDirectory(directory, NEW, { force: false })).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
      message: `${directory}: is where a file system is mounted, so it cannot be replaced as a whole`,
      hint: `Name one in it: ${directory}/NAME`,
    })
  } finally {
    execFileSync('umount', [directory])
  }
})

test('a run that was killed between the two renames is mended by the next, and loses nothing', async () => {
  const directory = await written()
  await writeFile(join(directory, 'notes.txt'), 'notes')
  const [replaced, staged] = [newNameBeside(directory, 'old'), newNameBeside(directory, 'new')]
  await mkdir(staged)
  await link(join(directory, 'notes.txt'), join(staged, 'notes.txt'))
  await rename(directory, replaced)
  await expect(writeOutputDirectory(directory, NEW, { force: false })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  expect(await tree(directory)).toEqual(names(OLD, 'notes.txt'))
  expect(await readdir(dirname(directory))).toEqual(['out'])
})

test('what was replaced goes later, but not what somebody changed in it', async () => {
  const directory = await written()
  const replaced = newNameBeside(directory, 'old')
  await rename(directory, replaced)
  await writeFile(join(replaced, 'seed.sh'), 'changed after the list was read')
  await writeOutputDirectory(directory, OLD, { force: false }).catch(() => {})
  await replace(directory).catch(() => {})
  const kept = (await readdir(dirname(directory), { recursive: true })).filter((name) => name.endsWith('seed.sh'))
  const texts = await Promise.all(kept.map((name) => readFile(join(dirname(directory), name), 'utf8')))
  expect(texts).toContain('changed after the list was read')
})
