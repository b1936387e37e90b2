import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeTextFile } from '../../src/cli/files/write-file.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a file takes the place of the one that is there, unless it must not', async () => {
  const file = join(await temporaryDirectory(), 'map.json')
  await writeTextFile(file, 'one', { mode: 0o600 })
  await writeTextFile(file, 'two')
  await expect(writeTextFile(file, 'three', { replace: false, hint: 'Choose another name.' })).rejects.toMatchObject({
    code: 'OUTPUT_EXISTS',
    message: `${file}: is there already`,
    hint: 'Choose another name.',
  })
  expect(await readFile(file, 'utf8')).toBe('two')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test.for([
  ['/dev/full', 'DISK_FULL', 'no space left on the disk'],
  ['/proc/nodeseed/map.json', 'DISK_ERROR', 'cannot be written: there is no such directory'],
] as const)('%s: %s', async ([file, code, problem]) => {
  await expect(writeTextFile(file, 'text')).rejects.toMatchObject({
    code,
    message: `${file}: ${problem}`,
    hint: expect.any(String),
  })
})
