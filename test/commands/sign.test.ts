import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let directory: string
let registry: MemoryRegistry
const at = (name: string) => join(directory, name)

function bundle(name: string, options: string[] = [], env: Record<string, string> = {}) {
  return runCli(['bundle', '--image', `${registry.host}/app:1`, '-o', at(name), ...options], { env })
}

beforeEach(async () => {
  directory = await temporaryDirectory()
  registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.from('layer')])
  expect(await runCli(['keygen', '-o', at('mine')])).toMatchObject({ exitCode: 0 })
  expect(await bundle('a.tar', ['--sign', at('mine.key')])).toMatchObject({ exitCode: 0 })
})

test('a signed bundle is verified with the public key, another key says no', async () => {
  expect((await stat(at('mine.key'))).mode & 0o777).toBe(0o600)
  expect(await runCli(['verify', at('a.tar'), '--key', at('mine.pub')])).toMatchObject({ exitCode: 0 })
  await runCli(['keygen', '-o', at('other')])
  const { exitCode, stdout } = await runCli(['verify', at('a.tar'), '--key', at('other.pub')])
  expect(stdout).toContain('a.tar.sig was not made for this bundle by that key')
  expect(exitCode).toBe(4)
})

test('a signature stands for every byte: of another bundle it is none', async () => {
  registry.addImage('app', '1', [Buffer.from('other layer')])
  await bundle('b.tar')
  const args = ['verify', at('b.tar'), '--key', at('mine.pub')]
  expect(await runCli(args)).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('not signed') })
  expect(await runCli([...args, '--signature', at('a.tar.sig')])).toMatchObject({ exitCode: 4 })
})

test('a part stands for the whole also where its signature is looked for', async () => {
  expect(await bundle('p.tar', ['--sign', at('mine.key'), '--split', '64KiB'])).toMatchObject({ exitCode: 0 })
  expect(await runCli(['verify', at('p.tar.part001'), '--key', at('mine.pub')])).toMatchObject({ exitCode: 0 })
})

test.for(['none.key', 'mine.pub'])('a key that cannot sign (%s) is said before anything is downloaded', async (key) => {
  expect(await bundle('b.tar', ['--sign', at(key)])).toMatchObject({ exitCode: 2 })
  expect(existsSync(at('b.tar'))).toBe(false)
})

testWith(['openssl'])('the signature is what cosign verify-blob reads: base64 of ASN.1 over index.json', async () => {
  const { stdout } = await promisify(execFile)('tar', ['-xOf', at('a.tar'), 'index.json'], { encoding: 'buffer' })
  await writeFile(at('index.json'), stdout)
  await writeFile(at('signature'), Buffer.from(await readFile(at('a.tar.sig'), 'utf8'), 'base64'))
  const args = ['dgst', '-sha256', '-verify', at('mine.pub'), '-signature', at('signature'), at('index.json')]
  expect((await runTool('openssl', args)).stdout).toContain('Verified OK')
})

test('an encrypted key needs its password, and a key that is there is not replaced', async () => {
  const env = { NODESEED_KEY_PASSWORD: 'correct horse' }
  expect(await runCli(['keygen', '-o', at('mine')], { env })).toMatchObject({ exitCode: 2 })
  await runCli(['keygen', '-o', at('locked')], { env })
  expect(await readFile(at('locked.key'), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY')
  const sign = ['--sign', at('locked.key')]
  const refused = await bundle('a.tar', sign, { NODESEED_KEY_PASSWORD: 'wrong' })
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('a wrong password') })
  expect(await bundle('a.tar', [...sign, '--force'], env)).toMatchObject({ exitCode: 0 })
  expect(await runCli(['verify', at('a.tar'), '--key', at('locked.pub')])).toMatchObject({ exitCode: 0 })
})

test('a key of another kind is refused', async () => {
  await writeFile(at('text.pub'), 'no key')
  const { exitCode, stderr } = await runCli(['verify', at('a.tar'), '--key', at('text.pub')])
  expect(stderr).toContain('text.pub: the public key cannot be read')
  expect(exitCode).toBe(2)
})

test('what is no key is said, also of a bundle that nobody signed', async () => {
  await bundle('unsigned.tar')
  await writeFile(at('text.pub'), 'no key')
  const { exitCode, stdout } = await runCli(['verify', at('unsigned.tar'), '--key', at('text.pub'), '--json'])
  expect(exitCode).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INPUT_INVALID' } })
})

test('verify without a key says what it did not check', async () => {
  const signed = await runCli(['verify', at('a.tar'), '--json'])
  expect(JSON.parse(signed.stdout)).toMatchObject({ ok: true, signature: 'unchecked' })
  await bundle('b.tar')
  const unsigned = await runCli(['verify', at('b.tar')])
  expect(unsigned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('unsigned: whoever could change') })
})

test.for<[command: string, args: string[]]>([
  ['inspect', []],
  ['diff', ['a.tar']],
  ['merge', ['-o', 'merged.tar']],
  ['load', []],
  ['push', ['127.0.0.1:9']],
  ['serve', ['--listen', '127.0.0.1:0']],
  ['seed', ['--nodes', 'nodes.json', '-o', 'seed']],
])('%s --key takes no bundle that the key did not sign', async ([command, args]) => {
  await writeFile(
    at('nodes.json'),
    '{"kind":"List","items":[{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"}}]}',
  )
  await bundle('b.tar')
  const places = args.map((arg) => (/^[a-z]+\.|^seed$/.test(arg) ? at(arg) : arg))
  const { exitCode, stderr } = await runCli([command, at('b.tar'), ...places, '--key', at('mine.pub')])
  expect(stderr).toContain('b.tar: not signed: there is no')
  expect(exitCode).toBe(4)
})

test('inspect --key takes one that it signed, and says that contents were not read', async () => {
  const { exitCode, stdout } = await runCli(['inspect', at('a.tar'), '--key', at('mine.pub')])
  expect(exitCode).toBe(0)
  expect(stdout).toContain(`contents were not read: nodeseed verify ${at('a.tar')} --key ${at('mine.pub')}`)
})

test('help says of each command with --key what becomes of contents', async () => {
  for (const command of ['inspect', 'diff', 'seed', 'merge', 'push', 'load', 'serve', 'verify']) {
    const { stdout } = await runCli([command, '--help'])
    expect(stdout.replace(/\s+/g, ' '), command).toMatch(/must have signed the bundle; [^-]*contents are /)
  }
})

test('a bundle that is replaced leaves no signature of the old one behind', async () => {
  registry.addImage('app', '1', [Buffer.from('other layer')])
  expect(await bundle('a.tar', ['--force'])).toMatchObject({ exitCode: 0 })
  expect(existsSync(at('a.tar.sig'))).toBe(false)
})
