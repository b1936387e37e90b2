import { randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry, sendError } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const IMAGES = 4
/** Each image is an index with one manifest. */
const NEEDED = IMAGES * 2

let registry: MemoryRegistry
let directory: string
/** What the registry still gives, and how often it was asked when it gave no more. */
let remaining: number
let refused: number

/** Counts every GET of a manifest and no HEAD, as Docker Hub does. */
beforeEach(async () => {
  registry = await MemoryRegistry.start()
  directory = await temporaryDirectory()
  refused = 0
  for (let image = 0; image < IMAGES; image++) {
    const child = registry.addImage('app', undefined, [randomBytes(1000)])
    registry.addIndex('app', `${image}`, [{ ...child, platform: { os: 'linux', architecture: 'amd64' } }])
  }
  registry.misbehave = ({ method, url = '' }, response) => {
    const isCounted = method === 'GET' && url.includes('/manifests/')
    if (isCounted && remaining > 0) remaining--
    else if (isCounted) {
      refused++
      return sendError(response, 429, 'TOOMANYREQUESTS', limit())
    }
    for (const [name, value] of Object.entries(limit())) response.setHeader(name, value)
    return false
  }
})

const limit = () => ({
  'ratelimit-limit': '100;w=21600',
  'ratelimit-remaining': `${remaining};w=21600`,
  'docker-ratelimit-source': '203.0.113.5',
})

const images = () => Array.from({ length: IMAGES }, (_, image) => ['--image', `${registry.host}/app:${image}`]).flat()

test('lock: what is left is said, and that it will not do, before the first manifest is asked for', async () => {
  remaining = 100
  const out = (name: string) => join(directory, name)
  const enough = await runCli(['lock', ...images(), '-o', out('enough.lock')])
  expect(enough.stderr).not.toContain('warning')
  expect(enough.stderr).toContain(
    `${registry.host} still gives ${100 - NEEDED} of 100 manifests in 6 hours for 203.0.113.5\n`,
  )
  expect(enough.exitCode).toBe(0)

  remaining = 3
  const short = await runCli(['lock', ...images(), '-o', out('short.lock')])
  expect(short.stderr).toContain(
    `warning: ${registry.host} still gives 3 of 100 manifests in 6 hours for 203.0.113.5, and this run needs ${NEEDED} or more`,
  )
  expect(short.stderr.indexOf('warning')).toBeLessThan(short.stderr.indexOf('gives no more'))
  expect(short.stderr).toContain(`try: Log in with docker login ${registry.host} for a higher limit`)
  expect(short.exitCode).toBe(3)
  expect(refused).toBe(0)
})

test('a run that was given too few goes on with what it has, and so ends some day', async () => {
  const out = join(directory, 'out.tar')
  const codes: (number | null)[] = []
  for (let runs = 0; runs < 3; runs++) {
    remaining = 3
    codes.push((await runCli(['bundle', ...images(), '-o', out])).exitCode)
  }
  expect(codes).toEqual([3, 3, 0])
  expect(await readdir(directory)).toEqual(['out.tar'])
  expect(refused).toBe(0)
  expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
})

test('bundle of a lock: warns before it begins, and takes manifests from --reuse', async () => {
  remaining = 100
  const [lock, whole, out] = ['a.lock', 'whole.tar', 'out.tar'].map((name) => join(directory, name))
  expect(await runCli(['bundle', ...images(), '-o', whole!])).toMatchObject({ exitCode: 0 })
  expect(await runCli(['lock', ...images(), '-o', lock!])).toMatchObject({ exitCode: 0 })
  remaining = 3
  const short = await runCli(['bundle', lock!, '-o', out!, '--retries', '0'])
  expect(short.stderr).toContain(`and this run needs ${NEEDED} or more`)
  expect(short.exitCode).toBe(3)
  remaining = 0
  expect(await runCli(['bundle', lock!, '-o', out!, '--reuse', whole!])).toMatchObject({ exitCode: 0 })
  expect(refused).toBe(0)
})

test('a tag that is not there costs nothing', async () => {
  remaining = 5
  const args = ['lock', '--image', `${registry.host}/app:none`, '-o', join(directory, 'out.lock')]
  expect((await runCli(args)).stderr).toContain('[MANIFEST_UNKNOWN]')
  expect(remaining).toBe(5)
})

test('what an earlier run kept is hashed before it is used', async () => {
  const out = join(directory, 'out.lock')
  remaining = 3
  expect(await runCli(['lock', ...images(), '-o', out])).toMatchObject({ exitCode: 3 })
  const [kept] = await readdir(directory)
  expect(kept).toBe('out.lock.partial.manifests')
  await writeFile(join(directory, kept!), `sha256:${'0'.repeat(64)} e30=\nnothing\n`)
  remaining = 100
  expect(await runCli(['lock', ...images(), '-o', out])).toMatchObject({ exitCode: 0 })
  expect(remaining).toBe(100 - NEEDED)
})
