import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function makeBoth() {
  const registry = await MemoryRegistry.start()
  const layers = [randomBytes(500_000), randomBytes(300_000)]
  registry.addImage('app', '1', layers)
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  const run = (name: string, options: string[] = []) =>
    runCli(['bundle', '--image', `${registry.host}/app:1`, '-o', at(name), ...options])
  expect(await run('whole.tar')).toMatchObject({ exitCode: 0 })
  expect(await run('out.tar', ['--split', '200kB'])).toMatchObject({ exitCode: 0 })
  return { registry, layers, directory, at, run }
}

const parts = async (directory: string) =>
  (await readdir(directory)).filter((name) => name.startsWith('out.tar')).sort()

test('parts together are the whole bundle, and every command reads them without joining', async () => {
  const { directory, at, run } = await makeBoth()
  const names = await parts(directory)
  expect(names).toEqual(['001', '002', '003', '004', '005'].map((number) => `out.tar.part${number}`))
  const joined = Buffer.concat(await Promise.all(names.map((name) => readFile(at(name)))))
  expect(joined.equals(await readFile(at('whole.tar')))).toBe(true)
  for (const name of ['out.tar', 'out.tar.part001']) {
    const { exitCode, stdout } = await runCli(['verify', at(name)])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/\/out\.tar, in parts: 1 image/),
    })
  }
  expect((await runCli(['diff', at('out.tar'), at('whole.tar')])).stdout).toMatch(/^0 B new, 0 B gone/)
  expect(await runCli(['merge', at('out.tar'), '-o', at('merged.tar')])).toMatchObject({ exitCode: 0 })
  expect((await readFile(at('merged.tar'))).equals(joined)).toBe(true)
  const again = await run('out.tar', ['--split', '200kB'])
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is up to date') })
})

test.for([
  ['003', /out\.tar\.part003: no such file, but later parts are there\n {2}try: Copy that part too/],
  ['001', /out\.tar\.part001: no such file, but later parts are there\n {2}try: Copy that part too/],
  ['005', /out\.tar: ends after 800000 bytes.*\n {2}try: Copy the parts again: one is cut off, or the last/],
] as const)('when part %s is missing, that is said', async ([number, said]) => {
  const { at } = await makeBoth()
  await rm(at(`out.tar.part${number}`))
  const { exitCode, stderr } = await runCli(['verify', at('out.tar')])
  expect(stderr).toMatch(said)
  expect(exitCode).toBe(4)
})

test('nodes read parts as they are: seed says to copy them, and joins only what one command carries', async () => {
  const { at } = await makeBoth()
  const whole = at('out.tar')
  for (const name of ['out.tar', 'out.tar.part001']) {
    const seeded = await runCli(['seed', at(name), '--nodes', 'examples/seed/nodes.yaml', '-o', at(`seed-${name}`)])
    expect(seeded.stdout).toContain(`1. copy ${whole}.part??? to /var/lib/nodeseed/out.tar.part??? on each node\n`)
  }
  const kind = ['seed', whole, '--nodes', 'examples/seed/nodes.yaml', '--method', 'kind', '-o', at('seed-kind')]
  expect((await runCli(kind)).stdout).toContain(`1. cat ${whole}.part??? > ${whole}\n  2. docker exec control-1 `)
})

test('a run in parts goes on where it ended, and replaces an old one without leaving its parts', async () => {
  const { registry, layers, directory, at, run } = await makeBoth()
  const [kept, last] = [layers[0]!, randomBytes(10_000)]
  registry.addImage('app', '1', [kept, last])
  registry.misbehave = (_request, response, content) => content === last && response.destroy()
  const args = ['--split', '250kB', '--force', '--retries', '0']
  expect(await run('out.tar', args)).toMatchObject({ exitCode: 3 })
  registry.misbehave = undefined
  registry.requests.length = 0
  expect(await run('out.tar', args)).toMatchObject({ exitCode: 0 })
  expect(registry.requests.filter((request) => request.includes(digestOf(kept)))).toEqual([])
  expect(await parts(directory)).toEqual(['001', '002', '003'].map((number) => `out.tar.part${number}`))
  expect(await runCli(['verify', at('out.tar')])).toMatchObject({ exitCode: 0 })
  expect(
    await run('out.tar', ['--force', '--image', `${registry.host}/app@${digestOf('')}`, '--retries', '0']),
  ).toMatchObject({ exitCode: 3 })
  registry.addImage('app', '1', [kept])
  expect(await run('out.tar', ['--force'])).toMatchObject({ exitCode: 0 })
  expect(await parts(directory)).toEqual(['out.tar'])
})

test.for(['12 parsecs', '1kB', '0'])('--split %s is refused', async (size) => {
  const { exitCode, stderr } = await runCli(['bundle', '--image', 'a', '-o', 'x.tar', '--split', size])
  expect(stderr).toContain('not a size: ')
  expect(stderr).toContain('650MiB or a number of bytes, at least 64KiB')
  expect(exitCode).toBe(2)
})
