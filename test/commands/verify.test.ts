import { copyFile, open, readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const SHARED = Buffer.alloc(100_000, 'shared')

interface Inspection {
  readonly images: { reference: string; digest: string }[]
  readonly blobs: { digest: string; size: number; offset: number }[]
}

let file: string
let host: string
let inspection: Inspection

beforeEach(async () => {
  const registry = await MemoryRegistry.start()
  host = registry.host
  registry.addImage('web', '1', [SHARED, Buffer.from('web')])
  registry.addImage('job', '1', [Buffer.from('job'), SHARED])
  file = join(await temporaryDirectory(), 'out.tar')
  const images = ['web', 'job'].flatMap((name) => ['--image', `${host}/${name}:1`])
  expect(await runCli(['bundle', ...images, '-o', file])).toMatchObject({ exitCode: 0 })
  inspection = JSON.parse((await runCli(['inspect', file, '--json'])).stdout)
})

async function flip(offset: number): Promise<string> {
  const copy = `${file}.copy`
  await copyFile(file, copy)
  const handle = await open(copy, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, offset)
  await handle.write(Buffer.from([byte[0]! ^ 1]), 0, 1, offset)
  await handle.close()
  return copy
}

test('inspect shows images with names, platforms and sizes, and where each blob stands', async () => {
  const { stdout } = await runCli(['inspect', file])
  const [job, web] = inspection.images
  expect(stdout).toMatch(new RegExp(`^${host}/web:1 \\(\\+1\\)  +${web!.digest}  linux/amd64  101 kB$`, 'm'))
  const wide = await runCli(['inspect', file, '-o', 'wide'])
  expect(wide.stdout).toContain(`${host}/web:1, ${host}/web@${web!.digest}  `)
  const names = (await runCli(['inspect', file, '-o', 'images'])).stdout.split('\n')
  expect(names).toContain(`${host}/web@${web!.digest}`)
  expect(job!.reference).toBe(`${host}/job:1`)
  const bytes = await readFile(file)
  const shared = inspection.blobs.find(({ size }) => size === SHARED.length)!
  expect(bytes.subarray(shared.offset, shared.offset + shared.size).equals(SHARED)).toBe(true)
})

test('a flipped byte in a layer is named with every image that has the layer', async () => {
  const { digest, offset } = inspection.blobs.find(({ size }) => size === SHARED.length)!
  const { exitCode, stdout } = await runCli(['verify', await flip(offset + 5000), '--json'])
  expect(exitCode).toBe(4)
  const uses = [
    { image: `${host}/job:1`, role: 'layer 2 of 2 (linux/amd64)' },
    { image: `${host}/web:1`, role: 'layer 1 of 2 (linux/amd64)' },
  ]
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ blob: digest, uses }] })
})

test.for(['a manifest', 'index.json', 'the table', 'a tar header'])('a flipped byte in %s is found', async (place) => {
  const text = (await readFile(file)).toString('latin1')
  const offsets: Record<string, number> = {
    'a manifest': inspection.blobs[0]!.offset + 20,
    'index.json': text.indexOf('io.containerd.image.name') + 30,
    'the table': text.indexOf('"reference":"') + 15,
    'a tar header': text.indexOf('blobs/sha256/') + 20,
  }
  const { exitCode } = await runCli(['verify', await flip(offsets[place]!)])
  expect(exitCode).toBe(4)
})

test('a file that is cut off is said to be so', async () => {
  await truncate(file, (await stat(file)).size - 2000)
  const { exitCode, stderr } = await runCli(['verify', file])
  expect(stderr).toMatch(/out\.tar: ends after \d+ bytes, in the middle of a file\n {2}try: Copy the file again/)
  expect(exitCode).toBe(4)
})

test('what is no bundle is refused', async () => {
  const { exitCode, stderr } = await runCli(['inspect', 'package.json'])
  expect(stderr).toContain('package.json: neither a bundle nor an archive: it does not begin as one')
  expect(exitCode).toBe(4)
})
