import { execFileSync } from 'node:child_process'
import { chmod, chown, link, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newNameBeside } from '../../src/disk/own-name.ts'
import { createFiles, replaceFile, writeTextFile } from '../../src/disk/write-file.ts'
import { testWith } from '../support/debian.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a file takes the place of the one that is there, unless it must not', async () => {
  const directory = await temporaryDirectory()
  const file = join(directory, 'map.json')
  await writeTextFile(file, 'one', { mode: 0o600 })
  await writeTextFile(file, 'two')
  await expect(writeTextFile(file, 'three', { replace: false, hint: 'Choose another name.' })).rejects.toMatchObject({
    code: 'OUTPUT_EXISTS',
    message: `${file}: is there already`,
    hint: 'Choose another name.',
  })
  expect(await readFile(file, 'utf8')).toBe('two')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(directory)).toEqual(['map.json'])
})

test.for([
  ['/dev/full', 'DISK_FULL', 'no space left on the disk'],
  ['/proc/nodeseed/map.json', 'INPUT_NOT_FOUND', 'there is no directory /proc/nodeseed'],
  ['/none/map.json', 'INPUT_NOT_FOUND', 'there is no directory /none'],
  ['/etc/passwd/map.json', 'INPUT_NOT_FOUND', 'there is no directory /etc/passwd'],
  ['/etc', 'OUTPUT_EXISTS', 'is a directory'],
] as const)('%s: %s', async ([file, code, problem]) => {
  await expect(writeTextFile(file, 'text')).rejects.toMatchObject({
    code,
    message: `${file}: ${problem}`,
    hint: expect.any(String),
  })
})

test.for([0o600, 0o644, 0o755, 0o4750, 0o444])('permissions stay: %o', async (mode) => {
  const file = join(await temporaryDirectory(), 'app.yaml')
  await writeFile(file, 'old')
  await chmod(file, mode)
  await replaceFile({ file, content: 'new' })
  expect((await stat(file)).mode & 0o7777).toBe(mode)
  expect(await readFile(file, 'utf8')).toBe('new')
})

testWith([], { root: true })('the owner stays', async () => {
  const file = join(await temporaryDirectory(), 'app.yaml')
  await writeFile(file, 'old')
  await chown(file, 12, 34)
  await replaceFile({ file, content: 'new' })
  expect(await stat(file)).toMatchObject({ uid: 12, gid: 34 })
})

test('no link is followed: not one that lies where a temporary file might, and not the target', async () => {
  const directory = await temporaryDirectory()
  const [file, victim, outer] = ['app.yaml', 'authorized_keys', 'outer.yaml'].map((name) => join(directory, name))
  await writeFile(victim!, 'keys')
  for (const name of ['app.yaml.partial', 'app.yaml.tmp', '.app.yaml.swp'])
    await symlink(victim!, join(directory, name))
  await symlink(victim!, newNameBeside(file!, 'tmp'))
  await replaceFile({ file: file!, content: 'new' })
  await symlink(victim!, outer!)
  await replaceFile({ file: outer!, content: 'new' })
  expect(await readFile(victim!, 'utf8')).toBe('keys')
  expect(await readFile(outer!, 'utf8')).toBe('new')
  await expect(readlink(outer!)).rejects.toMatchObject({ code: 'EINVAL' })
})

test('a pipe is written to, and stays one', async () => {
  const pipe = join(await temporaryDirectory(), 'pipe')
  execFileSync('mkfifo', [pipe])
  const [read] = await Promise.all([readFile(pipe, 'utf8'), writeTextFile(pipe, 'text', { replace: false })])
  expect(read).toBe('text')
  expect((await stat(pipe)).isFIFO()).toBe(true)
})

test('what a killed run left goes, what looks like it and is none stays', async () => {
  const directory = await temporaryDirectory()
  const file = join(directory, 'app.yaml')
  await writeFile(newNameBeside(file, 'tmp'), 'half')
  const others = [newNameBeside(join(directory, 'other.yaml'), 'tmp'), join(directory, 'app.yaml.tmp')]
  for (const other of others) await writeFile(other, 'stays')
  await mkdir(newNameBeside(file, 'tmp'))
  await replaceFile({ file, content: 'new' })
  expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toHaveLength(3)
  for (const other of others) expect(await readFile(other, 'utf8')).toBe('stays')
})

test('files that belong together are all there or none', async () => {
  const directory = await temporaryDirectory()
  const [key, pub] = ['a.key', 'a.pub'].map((name) => join(directory, name))
  const files = [
    { file: key!, content: 'key', mode: 0o600 },
    { file: pub!, content: 'pub' },
  ]
  await writeFile(pub!, 'mine')
  await expect(createFiles(files)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS', message: `${pub}: is there already` })
  expect(await readdir(directory)).toEqual(['a.pub'])
})

test('a run that was killed between two files that belong together is undone by the next', async () => {
  const directory = await temporaryDirectory()
  const [key, pub] = ['a.key', 'a.pub'].map((name) => join(directory, name))
  const left = [newNameBeside(key!, 'tmp'), newNameBeside(pub!, 'tmp')]
  await writeFile(left[0]!, 'half')
  await writeFile(left[1]!, 'half')
  await link(left[0]!, key!)
  await createFiles([
    { file: key!, content: 'key', mode: 0o600 },
    { file: pub!, content: 'pub' },
  ])
  expect(await readdir(directory)).toEqual(['a.key', 'a.pub'])
  expect(await readFile(key!, 'utf8')).toBe('key')
})
