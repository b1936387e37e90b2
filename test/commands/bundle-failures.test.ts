import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry, type Misbehave, sendError } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const LAYER = Buffer.alloc(300_000, 'layer')

const isBlob = (url = '') => url.includes('/blobs/')

test.for<[what: string, misbehave: Misbehave, message: RegExp]>([
  [
    '401 without a challenge',
    (_, response) => sendError(response, 401, 'UNAUTHORIZED'),
    /\[UNAUTHORIZED\]\n {4}try: Run: docker login 127/,
  ],
  ['403', (_, response) => sendError(response, 403, 'DENIED'), /denies access \(DENIED: as scripted\) \[DENIED\]/],
  [
    '429 of Docker Hub',
    (_, response) => sendError(response, 429, 'TOOMANYREQUESTS', { 'ratelimit-limit': '100;w=21600' }),
    /gives no more: 0 of 100 manifests in 6 hours left \[TOOMANYREQUESTS\]\n {4}try: Log in/,
  ],
  ['500', (_, response) => sendError(response, 500, 'UNKNOWN'), /answers 500 .* \[REGISTRY_ERROR\]/],
  [
    'a body that ends too early',
    ({ url }, response, content) => {
      if (!isBlob(url) || content.length < 1000) return false
      response
        .writeHead(200, { 'content-length': content.length })
        .write(content.subarray(0, 1000), () => response.destroy())
      return true
    },
    /blob sha256:\w+: 127.0.0.1:\d+: the connection was cut \[REGISTRY_UNREACHABLE\]/,
  ],
  [
    'a short body that claims to be whole',
    ({ url }, response, content) => isBlob(url) && content.length > 1000 && !!response.end(content.subarray(1)),
    /sent only 299999 of its 300000 bytes \[REGISTRY_ERROR\]/,
  ],
  [
    'a body that goes on',
    ({ url }, response, content) =>
      isBlob(url) && content.length > 1000 && !!response.end(Buffer.concat([content, content])),
    /more than its 300000 bytes \[CONTENT_MISMATCH\]/,
  ],
  [
    'other bytes',
    ({ url }, response, content) =>
      isBlob(url) && content.length > 1000 && !!response.end(Buffer.alloc(content.length)),
    /what arrived from 127\.0\.0\.1:\d+ hashes to sha256:\w+ \[CONTENT_MISMATCH\]/,
  ],
  [
    'a manifest that is another one',
    ({ url, method }, response) => method === 'GET' && !isBlob(url) && !!response.end('{"schemaVersion":2}'),
    /manifest (sha256:\w+): 127.0.0.1:\d+ promised \1 and sent 19 bytes with sha256:\w+ \[CONTENT_MISMATCH\]/,
  ],
])('%s: one clear message, exit code 3 and no file', async ([, misbehave, message]) => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  registry.misbehave = misbehave
  const directory = await temporaryDirectory()
  const image = `${registry.host}/app:1`
  const { exitCode, stderr } = await runCli([
    'bundle',
    '--retries',
    '0',
    '--image',
    image,
    '-o',
    join(directory, 'out.tar'),
  ])
  expect(stderr).toMatch(message)
  expect(stderr).toContain('1 of 1 image cannot be had')
  expect(stderr).toContain(image)
  expect(exitCode).toBe(3)
  expect(await readdir(directory)).not.toContain('out.tar')
})

test('every failing image is reported, and nothing looks complete', async () => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  const images = ['app:1', 'app:missing', 'other:1'].flatMap((name) => ['--image', `${registry.host}/${name}`])
  const directory = await temporaryDirectory()
  const args = [...images, '--image', 'registry.invalid/x:1', '-o', join(directory, 'out.lock')]
  const { exitCode, stderr } = await runCli(['lock', ...args])
  expect(stderr).toContain('3 of 4 images cannot be had')
  expect(stderr).toMatch(/ {2}2 images: .* does not have it \(MANIFEST_UNKNOWN: as scripted\) \[MANIFEST_UNKNOWN\]\n/)
  expect(stderr).toContain(`    ${registry.host}/app:missing, ${registry.host}/other:1\n`)
  expect(stderr).toMatch(/registry.invalid\/x:1: .* \[REGISTRY_UNREACHABLE\]/)
  expect(exitCode).toBe(3)
  expect(await readdir(directory)).toEqual([])
})

test('with --json each failing image is an entry with its cause', async () => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  const images = ['app:missing', 'app:1'].flatMap((name) => ['--image', `${registry.host}/${name}`])
  const directory = await temporaryDirectory()
  const args = [...images, '--image', 'registry.invalid/x:1', '-o', join(directory, 'out.lock'), '--json']
  const { exitCode, stdout } = await runCli(['lock', ...args])
  const { error, failures } = JSON.parse(stdout)
  expect(exitCode).toBe(3)
  expect(error).toMatchObject({ code: 'IMAGES_FAILED', message: expect.stringMatching(/^2 of 3 images cannot be had/) })
  expect(failures).toEqual([
    {
      reference: `${registry.host}/app:missing`,
      code: 'MANIFEST_UNKNOWN',
      registry: registry.host,
      status: 404,
      message: expect.stringContaining('does not have it'),
      hint: expect.stringContaining('spelling'),
    },
    {
      reference: 'registry.invalid/x:1',
      code: 'REGISTRY_UNREACHABLE',
      registry: 'registry.invalid',
      status: null,
      message: expect.stringContaining('registry.invalid'),
      hint: expect.any(String),
    },
  ])
})

test('a platform that an index lacks is named with those that it has', async () => {
  const registry = await MemoryRegistry.start()
  const child = registry.addImage('app', undefined, [LAYER])
  registry.addIndex('app', '1', [{ ...child, platform: { os: 'linux', architecture: 'amd64' } }])
  const out = join(await temporaryDirectory(), 'out.tar')
  const args = ['--image', `${registry.host}/app:1`, '--platform', 'linux/s390x', '-o', out]
  const { exitCode, stderr } = await runCli(['bundle', ...args])
  expect(stderr).toMatch(/app:1: is not made for linux\/s390x; it has linux\/amd64 \[PLATFORM_UNAVAILABLE\]/)
  expect(exitCode).toBe(3)
})

test('a file that is there stays, unless forced', async () => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  const out = join(await temporaryDirectory(), 'out.tar')
  await writeFile(out, 'mine')
  const args = ['bundle', '--image', `${registry.host}/app:1`, '-o', out]
  expect(await runCli(args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('OUTPUT_EXISTS') })
  expect(registry.requests).toEqual([])
  expect(await runCli([...args, '--force'])).toMatchObject({ exitCode: 0 })
  expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
})

const asRoot = testWith([], { root: true })

/** A disk of so many bytes, that goes away with the test. */
async function smallDisk(bytes: number): Promise<string> {
  const directory = await temporaryDirectory()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory])
  onTestFinished(() => {
    execFileSync('umount', [directory])
  })
  return directory
}

asRoot('a disk that is too small is found before the download', async () => {
  const directory = await smallDisk(1_000_000)
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.alloc(3_000_000, 'x')])
  const image = `${registry.host}/app:1`
  const { exitCode, stderr } = await runCli(['bundle', '--image', image, '-o', join(directory, 'out.tar')])
  expect(stderr).toMatch(
    /out\.tar: needs [\d.]+ [kMGT]?B more, the disk has [\d.]+ [kMGT]?B left\n {2}try: .*\n {2}code: DISK_FULL/,
  )
  expect(exitCode).toBe(3)
  expect(await readdir(directory)).toEqual([])
})

asRoot('a disk that fills up: one clear message, and the next run goes on', async () => {
  const directory = await smallDisk(8_000_000)
  const [out, filler] = [join(directory, 'out.tar'), join(directory, 'filler')]
  const registry = await MemoryRegistry.start()
  const [kept, last] = [Buffer.alloc(3_000_000, 'kept'), Buffer.alloc(2_900_000, 'last')]
  registry.addImage('app', '1', [kept, last])
  registry.misbehave = ({ url }) => {
    if (url?.endsWith(digestOf(last))) writeFileSync(filler, Buffer.alloc(4_000_000))
  }
  const args = ['bundle', '--image', `${registry.host}/app:1`, '--max-connections', '1', '-o', out]
  const { exitCode, stderr } = await runCli(args)
  expect(stderr).toMatch(/out\.tar\.partial: no space left on the disk\n {2}try: .*\n {2}code: DISK_FULL/)
  expect(exitCode).toBe(3)
  expect(await readdir(directory)).not.toContain('out.tar')

  await rm(filler)
  registry.misbehave = undefined
  registry.requests.length = 0
  expect(await runCli(args)).toMatchObject({ exitCode: 0 })
  expect(registry.requests.filter((request) => request.includes(digestOf(kept)))).toEqual([])
  expect(await readdir(directory)).toEqual(['out.tar'])
})
