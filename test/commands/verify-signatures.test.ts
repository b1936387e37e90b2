import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { runCli } from '../support/cli.ts'
import { ecKeys, pemOf, spki } from '../support/der.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { addBundles, addLegacy, keyBundle, legacySignature, OwnSigstore } from '../support/signature-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const keys = ecKeys()
let directory: string
let registry: MemoryRegistry
let signed: Descriptor

/** A policy for every image of the registry. */
async function writePolicy(spec: object = {}): Promise<string> {
  const file = join(directory, 'policy.yaml')
  const authorities = [{ name: 'release', key: { data: pemOf(keys.publicKey) } }]
  const images = [{ glob: `${registry.host}/**` }]
  const kind = { apiVersion: 'policy.sigstore.dev/v1beta1', kind: 'ClusterImagePolicy', metadata: { name: 'all' } }
  await writeFile(file, JSON.stringify({ ...kind, spec: { images, authorities, ...spec } }))
  return file
}

const path = (name: string) => join(directory, name)

beforeEach(async () => {
  directory = await temporaryDirectory()
  registry = await MemoryRegistry.start()
  signed = registry.addImage('shop/web', '1', [Buffer.from('web')])
  const name = `${registry.host}/shop/web`
  addLegacy(registry, 'shop/web', signed, [legacySignature({ digest: signed.digest, name }, keys.privateKey)])
})

test('what signed an image stands in its lock, and its signature comes along', async () => {
  const policy = await writePolicy()
  const args = ['--image', `${registry.host}/shop/web:1`, '--platform', 'linux/amd64', '--verify', policy]
  expect(await runCli(['lock', ...args, '-o', path('a.lock'), '--json'])).toMatchObject({ exitCode: 0 })
  const [image] = JSON.parse(await readFile(path('a.lock'), 'utf8')).images
  const [attachment] = image.attachments
  expect(attachment).toMatchObject({ subject: signed.digest, tag: `${signed.digest.replace(':', '-')}.sig` })
  const by = { key: digestOf(spki(keys.publicKey)) }
  expect(image.signatures).toEqual([{ policy: 'all', authority: 'release', by, manifest: attachment.target.digest }])
  // The trusted root goes along; that files come along is said, and no policy is about them.
  await writeFile(path('root.json'), new OwnSigstore().trustedRoot())
  await writeFile(path('notes.txt'), 'notes')
  const more = ['--trusted-root', path('root.json'), '--file', path('notes.txt')]
  expect(await runCli(['bundle', ...args, ...more, '-o', path('a.tar')])).toMatchObject({
    ...{ exitCode: 0, stderr: expect.stringContaining('not judged, since a policy is about images: 2 plain files') },
  })
  expect(await runCli(['verify', path('a.tar')])).toMatchObject({ exitCode: 0 })
  // Nodes can be made to ask for it too.
  const seed = ['seed', path('a.tar'), '--nodes', 'examples/seed/nodes.yaml', '-o', path('seed'), '--verify', policy]
  expect(await runCli(seed)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('signatures/policy.json') })
  const { transports } = JSON.parse(await readFile(path('seed/signatures/policy.json'), 'utf8'))
  expect(transports.docker).toEqual({
    [`${registry.host}/shop/web`]: [expect.objectContaining({ type: 'sigstoreSigned' })],
  })
  // Where no registry is, the bundle has the signature: it is checked again.
  const offline = ['--from', path('a.tar'), '--offline', '--verify', policy]
  expect(await runCli(['lock', ...offline, '-o', path('b.lock')])).toMatchObject({ exitCode: 0 })
  expect(JSON.parse(await readFile(path('b.lock'), 'utf8')).images[0].signatures).toHaveLength(1)
})

test('an image without a signature that counts ends with 4, each named with its reason, and nothing is written', async () => {
  const other = registry.addImage('shop/db', '1', [Buffer.from('db')])
  addBundles(registry, 'shop/db', other, [keyBundle({ digest: other.digest }, ecKeys())])
  registry.addImage('shop/cache', '1', [Buffer.from('cache')])
  const images = ['web', 'db', 'cache'].flatMap((name) => ['--image', `${registry.host}/shop/${name}:1`])
  const args = [...images, '--platform', 'linux/amd64', '--verify', await writePolicy()]
  const { exitCode, stderr } = await runCli(['lock', ...args, '-o', path('a.lock')])
  expect(exitCode).toBe(4)
  expect(stderr).toContain('2 of 3 images are refused by the policy')
  expect(stderr).toMatch(/shop\/db:1: nothing satisfies the policy all: .* \[SIGNATURE_INVALID\]/)
  expect(stderr).toMatch(/shop\/cache:1: there is no signature of .* \[SIGNATURE_MISSING\]/)
  await expect(readFile(path('a.lock'))).rejects.toThrow('ENOENT')
  const { stdout } = await runCli(['bundle', ...args, '-o', path('a.tar'), '--json'])
  await expect(readFile(path('a.tar'))).rejects.toThrow('ENOENT')
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'SIGNATURES_REFUSED' },
    omissions: [
      { code: 'SIGNATURE_MISSING', entries: [{ subject: `${registry.host}/shop/cache:1` }] },
      { code: 'SIGNATURE_INVALID', entries: [{ subject: `${registry.host}/shop/db:1` }] },
    ],
  })
})

test('with mode: warn it is taken, named at the end, and refused by --strict unless it is allowed', async () => {
  registry.addImage('shop/cache', '1', [Buffer.from('cache')])
  const args = ['lock', '--image', `${registry.host}/shop/cache:1`, '--platform', 'linux/amd64', '--verify']
  const run = async (...more: string[]) =>
    runCli([...args, await writePolicy({ mode: 'warn' }), '-o', path('a.lock'), '--force', ...more])
  expect(await run()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('1 image that nobody has signed') })
  expect(await run('--strict')).toMatchObject({ exitCode: 4 })
  expect(await run('--strict', '--allow', 'SIGNATURE_MISSING')).toMatchObject({ exitCode: 0 })
})

test('a lock that says something else below the digest that is signed is refused', async () => {
  registry.addImage('shop/web', 'evil', [Buffer.from('evil')])
  const lock = async (tag: string) => {
    const args = ['--image', `${registry.host}/shop/web:${tag}`, '--platform', 'linux/amd64', '-o', path(tag)]
    expect(await runCli(['lock', ...args])).toMatchObject({ exitCode: 0 })
    return JSON.parse(await readFile(path(tag), 'utf8'))
  }
  const [right, evil] = [await lock('1'), await lock('evil')]
  const [{ platforms }] = evil.images
  for (const forged of [platforms, [...right.images[0].platforms, ...platforms]]) {
    await writeFile(
      path('forged.lock'),
      JSON.stringify({ ...right, images: [{ ...right.images[0], platforms: forged }] }),
    )
    const made = await runCli(['bundle', path('forged.lock'), '--verify', await writePolicy(), '-o', path('a.tar')])
    expect(made).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/is no part of sha256:/) })
  }
})

test('what a lock says of signatures is not believed: they are looked up and checked again', async () => {
  const args = ['--image', `${registry.host}/shop/web:1`, '--platform', 'linux/amd64', '-o', path('a.lock')]
  expect(await runCli(['lock', ...args, '--verify', await writePolicy()])).toMatchObject({ exitCode: 0 })
  const authorities = [{ name: 'release', key: { data: pemOf(ecKeys().publicKey) } }]
  const again = ['bundle', path('a.lock'), '--verify', await writePolicy({ authorities }), '-o', path('a.tar')]
  expect(await runCli(again)).toMatchObject({ exitCode: 4 })
})
