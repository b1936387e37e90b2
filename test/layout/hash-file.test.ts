import { execFile } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { appendFile, open, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { ByteFile } from '../../src/layout/files/byte-file.ts'
import { versionOf } from '../../src/layout/files/file-version.ts'
import { partName } from '../../src/layout/files/part-name.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { fc, runs } from '../support/property.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MIB = 1 << 20
const BYTES = randomFillSync(Buffer.alloc(20 * MIB + 77))
let directory: string

beforeEach(async () => {
  directory = await temporaryDirectory()
})

async function opened(path: string): Promise<ByteFile> {
  const file = await ByteFile.open(path)
  onTestFinished(() => file.close())
  return file
}

test('any bytes of a file, or of parts, hash to what they hash to when they are read', async () => {
  const [whole, parts] = [join(directory, 'whole'), join(directory, 'parts')]
  await writeFile(whole, BYTES)
  for (let at = 0, index = 0; at < BYTES.length; at += 7 * MIB, index++) {
    await writeFile(partName(parts, index), BYTES.subarray(at, at + 7 * MIB))
  }
  const files = [await opened(whole), await opened(parts)]
  const place = fc.nat(BYTES.length)
  await fc.assert(
    fc.asyncProperty(place, place, fc.constantFrom('sha256', 'sha512'), async (one, other, algorithm) => {
      const [start, end] = [Math.min(one, other), Math.max(one, other)]
      let heard = 0
      for (const file of files) {
        const digest = await file.hash({ start, end, algorithm }, (count) => {
          heard += count
        })
        expect(digest).toBe(digestOf(BYTES.subarray(start, end), algorithm))
      }
      expect(heard).toBe(2 * (end - start))
    }),
    {
      numRuns: runs(10),
      examples: [
        [0, BYTES.length, 'sha256'],
        [7 * MIB, 14 * MIB, 'sha256'],
        [5, 5, 'sha512'],
      ],
    },
  )
})

test('more files at the same time than there are threads are all hashed', async () => {
  const path = join(directory, 'many')
  await writeFile(path, BYTES)
  const file = await opened(path)
  const ends = Array.from({ length: 16 }, (_, index) => 4 * MIB + index)
  const digests = await Promise.all(ends.map((end) => file.hash({ start: 0, end, algorithm: 'sha256' })))
  expect(digests).toEqual(ends.map((end) => digestOf(BYTES.subarray(0, end))))
})

test('a file that became shorter is told as cut off, and the next one is hashed', async () => {
  const path = join(directory, 'cut')
  await writeFile(path, BYTES)
  const file = await opened(path)
  await truncate(path, 9 * MIB)
  await expect(file.hash({ start: 0, end: BYTES.length, algorithm: 'sha256' })).rejects.toMatchObject({
    code: 'BUNDLE_INVALID',
    message: expect.stringContaining(`${path}: ends after`),
  })
  expect(await file.hash({ start: 0, end: 8 * MIB, algorithm: 'sha256' })).toBe(digestOf(BYTES.subarray(0, 8 * MIB)))
})

test('what cannot be read is told with its file and place', async () => {
  const handle = await open(directory)
  const file = ByteFile.ofHandle('stick/app.tar', handle, 8 * MIB)
  onTestFinished(() => file.close())
  await expect(file.hash({ start: 0, end: 8 * MIB, algorithm: 'sha256' })).rejects.toMatchObject({
    message: expect.stringContaining('stick/app.tar: cannot be read'),
  })
})

test('a file that is closed is not read any more', async () => {
  const path = join(directory, 'closed')
  await writeFile(path, BYTES)
  const file = await ByteFile.open(path)
  const hashing = Array.from({ length: 20 }, () => file.hash({ start: 0, end: BYTES.length, algorithm: 'sha256' }))
  const settled = Promise.allSettled(hashing)
  await file.close()
  // Those that were done by then are right; the others failed.
  const digest = digestOf(BYTES)
  for (const result of await settled) if (result.status === 'fulfilled') expect(result.value).toBe(digest)
})

test('where no thread may be started a file is hashed without one', async () => {
  const path = join(directory, 'alone')
  await writeFile(path, BYTES)
  const module = new URL('../../src/layout/files/byte-file.ts', import.meta.url)
  const program = `
    const { Worker } = await import('node:worker_threads')
    try { new Worker('0', { eval: true }); console.log('a thread') } catch { console.log('no thread') }
    const { ByteFile } = await import(${JSON.stringify(module.href)})
    const file = await ByteFile.open(${JSON.stringify(path)})
    console.log(await file.hash({ start: 0, end: file.size, algorithm: 'sha256' }))`
  // Node's permissions leave out threads unless they are asked for.
  const flags = ['--permission', '--allow-fs-read=*', '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, flags)
  expect(stdout).toBe(`no thread\n${digestOf(BYTES)}\n`)
})

test('two writes within one tick of the clock leave two versions', async () => {
  const path = join(directory, 'version')
  await writeFile(path, 'a')
  const handle = await open(path)
  onTestFinished(() => handle.close())
  const version = () => versionOf(async () => [await handle.stat({ bigint: true })])
  const seen = new Set<string>()
  for (let round = 0; round < 8; round++) {
    seen.add(await version())
    await appendFile(path, 'b')
    await truncate(path, 1)
    await utimes(path, 1, 1)
  }
  expect(seen.size).toBe(8)
  expect(await version()).toBe(await version())
})

test('a file that is written to all the time has no version twice', async () => {
  const path = join(directory, 'written')
  await writeFile(path, 'a')
  const handle = await open(path)
  onTestFinished(() => handle.close())
  const version = () =>
    versionOf(async () => {
      await utimes(path, 1, 1)
      return [await handle.stat({ bigint: true })]
    })
  expect(await version()).not.toBe(await version())
})
