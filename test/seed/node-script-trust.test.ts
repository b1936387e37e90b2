import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, test } from 'vitest'
import type { Edition, LockedImage } from '../../src/bundle/format/lock.ts'
import { carriedFiles, renderNames } from '../../src/bundle/format/node-files.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { makeKeyPair, signIndex } from '../../src/bundle/format/signature.ts'
import { encodeHeader } from '../../src/bundle/format/tar-header.ts'
import { bundleBytes } from '../support/bundle-maker.ts'
import { busyboxPath } from '../support/busybox.ts'
import { testWith, tool, toolEnvironment } from '../support/debian.ts'
import type { Blobs } from '../support/image-maker.ts'
import { NODE_SCRIPT, runNodeScript, type ScriptRun } from '../support/node-script.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const { privateKey, publicKey } = makeKeyPair()
const blobs: Blobs = new Map()
let directory: string
let images: LockedImage[]
const at = (name: string) => join(directory, name)

/** A node whose k3s takes images from a directory: what needs no runtime. */
beforeEach(async () => {
  directory = await temporaryDirectory()
  images = await shopImages(blobs)
  await mkdir(at('node/var/lib/rancher/k3s/agent/images'), { recursive: true })
  await writeFile(at('release.pub'), publicKey)
})

/** Writes `b.tar` and its signature; gives the bytes that were signed. */
async function writeSigned(edition?: Edition, change: (bytes: Buffer) => Buffer = (bytes) => bytes): Promise<Buffer> {
  const lock = { version: 1, ...(edition && { edition }), images } as const
  const plan = planBundle(lock, carriedFiles(lock, await readFile(NODE_SCRIPT, 'utf8')))
  const index = plan.files.find(({ name }) => name === 'index.json')!.content!
  const bytes = bundleBytes(plan, blobs)
  await writeFile(at('b.tar'), change(Buffer.from(bytes)))
  await writeFile(at('b.tar.sig'), `${signIndex(index, privateKey)}\n`)
  return bytes
}

function seed(args: string[] = [], options = {}): Promise<ScriptRun> {
  const place = ['--method', 'directory', '--root', at('node'), '--platform', 'linux/amd64']
  return runNodeScript([...place, ...args, at('b.tar')], options)
}

const key = () => ['--key', at('release.pub')]
const withTools = testWith(['busybox'])
const withOpenssl = testWith(['openssl', 'busybox'])

withOpenssl('a bundle that the key signed is imported', async () => {
  await writeSigned()
  const run = await seed(key())
  expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded' } })
})

withOpenssl('and by a shell, a tar and a dd that are busybox', async () => {
  await writeSigned()
  const PATH = await busyboxPath(directory, ['openssl'])
  const run = await seed(key(), { shell: [tool('busybox'), 'sh'], env: { PATH } })
  expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded' } })
})

/** Bytes of the bundle from the first occurrence of a text on. */
const from = (bytes: Buffer, text: string, after = 0) => bytes.indexOf(text, after)
const flip = (bytes: Buffer, offset: number) => {
  bytes[offset]! ^= 1
  return bytes
}

withOpenssl.for<[what: string, change: (bytes: Buffer) => Buffer, message: RegExp]>([
  [
    'a name in index.json',
    (bytes) => flip(bytes, from(bytes, 'registry.example')),
    /was not made for this bundle by the key/,
  ],
  ['the table', (bytes) => flip(bytes, from(bytes, '"reference"') + 2), /bundle\.json is not what was signed/],
  ['a row of the names', (bytes) => flip(bytes, from(bytes, '\nblob ') + 40), /names\.txt is not what was signed/],
  ['the script', (bytes) => flip(bytes, from(bytes, '#!/bin/sh') + 40), /damaged: sha256:/],
  [
    'a layer',
    (bytes) => flip(bytes, bytes.lastIndexOf(blobs.get(images[0]!.platforms[0]!.layers[1]!.digest)!) + 9),
    /damaged: sha256:/,
  ],
  ['the first file', (bytes) => flip(bytes, 512 + 30), /damaged: sha256:/],
  ['a header', (bytes) => flip(bytes, bytes.lastIndexOf('blobs/sha256') + 300), /headers that were not signed/],
  ['padding', (bytes) => flip(bytes, 1000), /headers that were not signed/],
  ['the end', (bytes) => flip(bytes, bytes.length - 700), /headers that were not signed/],
  ['what follows the end', (bytes) => Buffer.concat([bytes, Buffer.alloc(512)]), /something stands behind the end/],
  [
    'a second index.json',
    (bytes) => Buffer.concat([bytes.subarray(0, -1024), bytes.subarray(1024)]),
    /was not made|behind|headers/,
  ],
])('with a key, %s cannot be changed', async ([, change, message]) => {
  const signed = await writeSigned(undefined, change)
  expect((await readFile(at('b.tar'))).equals(signed)).toBe(false)
  const run = await seed(key())
  expect(run.stderr).toMatch(message)
  expect(run.code).toBe(2)
  expect(run.report).toMatchObject({ result: 'failed' })
})

withOpenssl('no signature, another key, no openssl: each is an error and no pass', async () => {
  await writeSigned()
  await writeFile(at('other.pub'), makeKeyPair().publicKey)
  expect(await seed(['--key', at('other.pub')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('was not made'),
  })
  await mkdir(at('bin'))
  await writeFile(at('bin/openssl'), '#!/bin/sh\nexit 1\n')
  await chmod(at('bin/openssl'), 0o755)
  expect(await seed(key(), { env: { PATH: `${at('bin')}:${process.env.PATH}` } })).toMatchObject({ code: 2 })
  const without = await seed(key(), { shell: [tool('busybox'), 'sh'], env: { PATH: await busyboxPath(directory) } })
  expect(without).toMatchObject({ code: 3, stderr: expect.stringContaining('--key needs openssl') })
  await writeFile(at('b.tar.sig'), '')
  expect(await seed(key())).toMatchObject({ code: 2 })
  expect(await seed([...key(), '--signature', at('none')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`not signed: there is no ${at('none')}`),
  })
})

test.for(['directory', 'talos'])(
  'without a key, a damaged layer is no seeded image, also where no importer has looked yet: %s',
  async (method) => {
    const layer = images[0]!.platforms[0]!.layers[1]!.digest
    await writeSigned(undefined, (bytes) => flip(bytes, bytes.lastIndexOf(blobs.get(layer)!) + 9))
    expect(await seed(['--method', method])).toMatchObject({
      code: 2,
      report: { result: 'failed', message: expect.stringContaining(`damaged: ${layer}`) },
    })
    expect((await seed(['--method', method, '--check'])).report).toMatchObject({ result: 'gap', missingCount: 4 })
  },
)

withTools('without a program that tells digests, it is said that nobody looked', async () => {
  await writeSigned()
  const PATH = await busyboxPath(directory)
  await rm(join(PATH, 'sha256sum'))
  const { code, report } = await seed([], { shell: ['/bin/sh'], env: { PATH } })
  expect({ code, said: report.message }).toEqual({
    code: 0,
    said: expect.stringMatching(/^there is no sha256sum here: nobody .*; k3s imports/),
  })
})

test('--expect-set is compared with the names that are there, not with the word before them', async () => {
  await writeSigned(undefined, (bytes) => {
    const line = bytes.indexOf('nodeseed-names 1 ') + 'nodeseed-names 1 '.length
    bytes.write('0123456789abcdef', line)
    return bytes
  })
  const run = await seed(['--expect-set', '0123456789abcdef'])
  expect(run.stderr).toMatch(/the names in it are those of set [0-9a-f]{16}, not of 0123456789abcdef/)
  expect(run.code).toBe(2)
})

test('an older edition than what the node holds is refused, unless it is allowed', async () => {
  await writeSigned({ set: 'shop', number: 7 })
  expect(await seed()).toMatchObject({ code: 0 })
  expect(await readFile(at('node/var/lib/nodeseed/editions/shop'), 'utf8')).toMatch(/^7\n[0-9a-f]{16}\n$/)
  await writeSigned({ set: 'shop', number: 6 })
  const older = await seed()
  expect(older).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('this node holds number 7 of the set shop, and number 6 is older'),
  })
  expect(await seed(['--check'])).toMatchObject({ code: 0 })
  expect(await seed(['--allow-older'])).toMatchObject({ code: 0 })
  await writeSigned({ set: 'shop', number: 10 })
  expect(await seed()).toMatchObject({ code: 0 })
  await writeSigned({ set: 'other', number: 1 })
  expect(await seed()).toMatchObject({ code: 0 })
  expect(await readFile(at('node/var/lib/nodeseed/editions/shop'), 'utf8')).toMatch(/^10\n/)
})

withOpenssl('several projects share the set that nobody named: its numbers refuse only what a key signed', async () => {
  await writeSigned({ set: 'images', number: 5 })
  expect(await seed()).toMatchObject({ code: 0 })
  await writeSigned({ set: 'images', number: 1 })
  expect(await seed()).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('number 1 of the set images is older than number 5, which this node holds'),
  })
  expect(await readFile(at('node/var/lib/nodeseed/editions/images'), 'utf8')).toMatch(/^5\n/)
  expect(await seed(key())).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('need a --set-name of their own'),
  })
})

withOpenssl('with a key, other images under the same number are refused in the set that nobody named too', async () => {
  await writeSigned({ set: 'images', number: 7 })
  const file = at('node/var/lib/nodeseed/editions/images')
  await mkdir(at('node/var/lib/nodeseed/editions'), { recursive: true })
  await writeFile(file, '7\n0123456789abcdef\n')
  expect(await seed(key())).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'this node holds another number 7 of the set images: the digest of its images is 0123456789abcdef',
    ),
  })
  expect(await readFile(file, 'utf8')).toBe('7\n0123456789abcdef\n')
  expect(await seed([...key(), '--allow-older'])).toMatchObject({ code: 0 })
  expect(await seed(key())).toMatchObject({ code: 0 })
})

test('other images under the same number of the set that nobody named are taken and said, and are noted', async () => {
  await writeSigned({ set: 'images', number: 7 })
  const file = at('node/var/lib/nodeseed/editions/images')
  await mkdir(at('node/var/lib/nodeseed/editions'), { recursive: true })
  await writeFile(file, '7\n0123456789abcdef\n')
  const said = 'this node holds another number 7 of the set images: the digest of its images is 0123456789abcdef'
  const first = await seed(['--prune'])
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining(said) })
  // Who reads the line of JSON alone is told too, and what to do.
  expect(first.report.message).toMatch(new RegExp(`^${said}.* where these are two projects, give each a --set-name`))
  expect(first.stderr).toContain("--prune removes nothing, since it may be another project's: ")
  expect(await readFile(file, 'utf8')).not.toContain('0123456789abcdef')
  const again = await seed(['--prune'])
  expect(again.stderr).not.toMatch(/another (?:images|project)/)
  expect(again.report.message).toMatch(/^k3s imports/)
})

test.for<[what: string, noted: string, set: string, problem: string | undefined]>([
  ['a lower number', '3\n', 'shop', undefined],
  ['the same number, and no digest', '7\n', 'shop', undefined],
  [
    'the same number of other images',
    '7\n0123456789abcdef\n',
    'shop',
    'this node holds another number 7 of the set shop: the digest of its images is 0123',
  ],
  ['the same number of other images of the set without a name', '7\n0123456789abcdef\n', 'images', undefined],
  [
    'a higher number with a digest',
    '8\n0123456789abcdef\n',
    'shop',
    'this node holds number 8 of the set shop, and number 7 is older',
  ],
  ['a number that no shell compares', '99999999999999999999999\n', 'shop', 'holds no number'],
  ['a number below nothing', '-1\n', 'shop', 'holds no number'],
  ['a number with a word behind', '9 x\n', 'shop', 'holds no number'],
  ['words', 'garbage\n', 'shop', 'holds no number'],
  ['bytes', '\0\0\0\n', 'shop', 'holds no number'],
  ['nothing', '', 'shop', 'holds no number'],
])('a node that noted %s', async ([, noted, set, problem]) => {
  await writeSigned({ set, number: 7 })
  const file = at(`node/var/lib/nodeseed/editions/${set}`)
  await mkdir(at('node/var/lib/nodeseed/editions'), { recursive: true })
  await writeFile(file, noted)
  const run = await seed()
  if (problem === undefined) {
    expect(run, run.stderr).toMatchObject({ code: 0 })
  } else {
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(problem) })
    expect(await readFile(file, 'utf8')).toBe(noted)
    expect(await seed(['--allow-older'])).toMatchObject({ code: 0 })
  }
  expect(run.stderr).not.toContain('Illegal number')
  expect(await readFile(file, 'utf8')).toMatch(/^7\n[0-9a-f]{16}\n$/)
})

test.for(['x', '0', '07', '99999999999999999999', '1.5'])('a bundle with the number %s is none', async (number) => {
  await writeSigned({ set: 'shop', number: 7 })
  const lock = { version: 1, edition: { set: 'shop', number: 7 }, images } as const
  await writeFile(at('names.txt'), renderNames(lock).replace(/ shop 7\n/, ` shop ${number}\n`))
  const run = await seed(['--names', at('names.txt')])
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('not an edition of a set') })
})

test('a bundle in which one name stands for two images is refused, without a key too', async () => {
  const [first, second] = [images[0]!, images[1]!]
  images = [first, { ...second, names: [...first.names.filter((name) => !name.includes('@')), ...second.names] }]
  await writeSigned()
  const run = await seed()
  expect(run).toMatchObject({ code: 2, stderr: expect.stringMatching(/ stands for sha256:\w+ and for sha256:\w+/) })
})

/** What README tells to type before the script runs: it ends well only if every step does. */
async function checkByHand(): Promise<boolean> {
  const [, steps = ''] =
    /^(tar -xOf june\.tar index\.json[\s\S]*?) &&\nsh seed\.sh/m.exec(await readFile('README.md', 'utf8')) ?? []
  expect(steps.split('\n')).toHaveLength(7)
  await copyFile(at('b.tar'), at('june.tar'))
  await copyFile(at('b.tar.sig'), at('june.tar.sig'))
  return promisify(execFile)('sh', ['-c', steps], { cwd: directory, env: toolEnvironment() }).then(
    () => true,
    () => false,
  )
}

/** An entry of a tar, as whoever changes a bundle adds it. */
function entry(name: string, content: string): Buffer {
  const bytes = Buffer.alloc(1024)
  bytes.set(encodeHeader(name, content.length))
  bytes.write(content, 512)
  return bytes
}

withOpenssl.for<[what: string, change: (bytes: Buffer) => Buffer, isGood: boolean]>([
  ['what was signed', (bytes) => bytes, true],
  ['a changed script', (bytes) => flip(bytes, from(bytes, '#!/bin/sh') + 40), false],
  ['a script in front', (bytes) => Buffer.concat([entry('nodeseed/seed.sh', 'evil'), bytes]), false],
  [
    'a script behind',
    (bytes) => Buffer.concat([bytes.subarray(0, -1024), entry('nodeseed/seed.sh', 'evil'), bytes.subarray(-1024)]),
    false,
  ],
  ['another table', (bytes) => Buffer.concat([entry('nodeseed/bundle.json', '{}'), bytes]), false],
  ['another index.json', (bytes) => flip(bytes, from(bytes, 'registry.example')), false],
])('by hand, as README says it: %s', async ([, change, isGood]) => {
  await writeSigned(undefined, change)
  expect(await checkByHand()).toBe(isGood)
})
