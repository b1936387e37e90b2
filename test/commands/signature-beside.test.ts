import { lstat, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { makeKeyPair } from '../../src/bundle/format/signature.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let directory: string
let registry: MemoryRegistry
const at = (name: string) => join(directory, name)
const bundle = (...options: string[]) => runCli(['bundle', '--image', `${registry.host}/app:1`, ...options])
const key = (name: string) => ['--sign', at(`${name}.key`)]
const verified = async (file: string, name = 'mine') =>
  (await runCli(['verify', at(file), '--key', at(`${name}.pub`)])).exitCode === 0

beforeEach(async () => {
  directory = await temporaryDirectory()
  registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.from('layer')])
  for (const name of ['mine', 'other']) {
    const { privateKey, publicKey } = makeKeyPair()
    await writeFile(at(`${name}.key`), privateKey)
    await writeFile(at(`${name}.pub`), publicKey)
  }
})

/** What lies beside, and whether a run may have it: without and with --force. */
const BESIDE: readonly [what: string, make: () => Promise<unknown>, exitCode: number, forced: number][] = [
  ['somebody’s notes', () => writeFile(at('a.tar.sig'), 'my notes'), 2, 2],
  ['an empty file', () => writeFile(at('a.tar.sig'), ''), 2, 2],
  ['a large file', () => writeFile(at('a.tar.sig'), 'A'.repeat(100_000)), 2, 2],
  ['a directory', () => mkdir(at('a.tar.sig')), 2, 2],
  ['a link', () => symlink(at('mine.key'), at('a.tar.sig')), 2, 2],
  ['a link to nothing', () => symlink(at('none'), at('a.tar.sig')), 2, 2],
  ['a signature of something else', () => writeFile(at('a.tar.sig'), 'MEUCIQDx\n'), 2, 0],
]

test.for(BESIDE)('a bundle is not signed over %s', async ([, make, exitCode, forced]) => {
  await make()
  const before = await lstat(at('a.tar.sig'))
  const refused = await bundle('-o', at('a.tar'), ...key('mine'))
  expect(refused.stderr).toMatch(/a\.tar\.sig: is there already\n {2}try: It is no signature/)
  expect(refused.exitCode).toBe(exitCode)
  expect(registry.requests.filter((request) => request.includes(digestOf('layer')))).toEqual([])
  const second = await bundle('-o', at('a.tar'), ...key('mine'), '--force')
  expect(second.exitCode, second.stderr).toBe(forced)
  if (forced === 0) expect(await verified('a.tar')).toBe(true)
  else expect((await lstat(at('a.tar.sig'))).ino).toBe(before.ino)
})

test('a bundle that is signed already is not signed again, and by another key only when told', async () => {
  expect(await bundle('-o', at('a.tar'))).toMatchObject({ exitCode: 0 })
  expect(await bundle('-o', at('a.tar'), ...key('mine'))).toMatchObject({ exitCode: 0 })
  const signature = await readFile(at('a.tar.sig'), 'utf8')
  const again = await bundle('-o', at('a.tar'), ...key('mine'))
  expect(again).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/is up to date\n.*a\.tar\.sig: the signature/),
  })
  expect(await readFile(at('a.tar.sig'), 'utf8')).toBe(signature)
  expect(await bundle('-o', at('a.tar'), ...key('other'))).toMatchObject({ exitCode: 2 })
  expect(await readFile(at('a.tar.sig'), 'utf8')).toBe(signature)
  expect(await bundle('-o', at('a.tar'), ...key('other'), '--force')).toMatchObject({ exitCode: 0 })
  expect([await verified('a.tar'), await verified('a.tar', 'other')]).toEqual([false, true])
})

test('what replaces a signed bundle has its own signature or none, also in parts and merged', async () => {
  await bundle('-o', at('a.tar'), ...key('mine'))
  registry.addImage('app', '1', [Buffer.from('other layer')])
  const runs: [args: string[], signed: boolean][] = [
    [['--split', '64KiB', ...key('mine')], true],
    [['--split', '128KiB'], true],
    [[...key('other')], false],
  ]
  for (const [args, signed] of runs) {
    expect(await bundle('-o', at('a.tar'), '--force', ...args)).toMatchObject({ exitCode: 0 })
    expect(await verified('a.tar'), args.join(' ')).toBe(signed)
  }
  await bundle('-o', at('b.tar'), '--set-name', 'b')
  const merge = (...args: string[]) => runCli(['merge', at('b.tar'), '-o', at('a.tar'), ...args])
  expect(await merge(...key('mine'))).toMatchObject({ exitCode: 2 })
  expect(await verified('a.tar', 'other')).toBe(true)
  const merged = await merge('--force', ...key('mine'), '--json')
  expect(JSON.parse(merged.stdout)).toMatchObject({ signature: at('a.tar.sig') })
  expect(await verified('a.tar')).toBe(true)
  await bundle('-o', at('c.tar'))
  expect(await runCli(['merge', at('c.tar'), '-o', at('a.tar'), '--force'])).toMatchObject({ exitCode: 0 })
  await expect(lstat(at('a.tar.sig'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a damaged bundle is neither up to date nor signed, and --force mends it', async () => {
  await bundle('-o', at('a.tar'))
  const bytes = await readFile(at('a.tar'))
  bytes[bytes.lastIndexOf('layer')]! ^= 1
  await writeFile(at('a.tar'), bytes)
  const refused = await bundle('-o', at('a.tar'), ...key('mine'))
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/try: It is damaged/) })
  await expect(lstat(at('a.tar.sig'))).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await bundle('-o', at('a.tar'), '--force', ...key('mine'))).toMatchObject({ exitCode: 0 })
  expect(await verified('a.tar')).toBe(true)
})

test('a bundle whose signature was lost gets one again without being made again', async () => {
  await bundle('-o', at('a.tar'), ...key('mine'))
  await rm(at('a.tar.sig'))
  const again = await bundle('-o', at('a.tar'), ...key('mine'))
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is up to date') })
  expect(await verified('a.tar')).toBe(true)
})
