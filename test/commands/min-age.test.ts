import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a new digest waits in the lock until that has known it for long enough; the old one stays', async () => {
  const registry = await MemoryRegistry.start()
  const file = join(await temporaryDirectory(), 'shop.lock')
  const lock = (...more: string[]) => {
    const args = ['--image', `${registry.host}/web:1`, '--platform', 'linux/amd64', '-o', file, '--force']
    return runCli(['lock', ...args, ...more])
  }
  const read = async () => JSON.parse(await readFile(file, 'utf8'))
  const old = registry.addImage('web', '1', [Buffer.from('old')])
  expect(await lock('--min-age', '7d')).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('too new') })
  expect(await read()).toMatchObject({ images: [], waiting: [{ digest: old.digest }] })
  expect(await lock()).toMatchObject({ exitCode: 0 })
  const first = await read()
  expect(first).toMatchObject({ images: [{ target: { digest: old.digest }, firstSeen: expect.stringMatching(/Z$/) }] })
  expect(first).not.toHaveProperty('waiting')

  const fresh = registry.addImage('web', '1', [Buffer.from('new')])
  expect(await lock('--min-age', '7d')).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('stays as it was'),
  })
  const held = await read()
  expect(held.images).toEqual(first.images)
  expect(held.waiting).toMatchObject([{ digest: fresh.digest }])

  await writeFile(file, JSON.stringify({ ...held, images: [{ ...held.images[0], firstSeen: 'last week' }] }))
  expect(await lock('--min-age', '7d')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('firstSeen'),
  })

  const [waiting] = held.waiting
  await writeFile(file, JSON.stringify({ ...held, waiting: [{ ...waiting, firstSeen: '2026-01-01T00:00:00Z' }] }))
  expect(await lock('--min-age', '7d')).toMatchObject({ exitCode: 0 })
  const { images } = await read()
  expect(images).toMatchObject([{ target: { digest: fresh.digest }, firstSeen: '2026-01-01T00:00:00Z' }])
})
