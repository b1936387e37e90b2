import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { patchFile } from '../../src/bundle/format/patch-files.ts'
import type { WholeLayer } from '../../src/cli/deltas/whole-layers.ts'
import { openServedBundles } from '../../src/cli/serving/served-bundles.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { patchBytes } from '../layout/patch-bytes.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { type Blobs, lockImage, makeImage, makeLayer, tarOf } from '../support/image-maker.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let registry: MemoryRegistry
let directory: string
let image: string

const at = (name: string) => join(directory, name)

beforeEach(async () => {
  registry = await MemoryRegistry.start()
  directory = await temporaryDirectory()
  image = `${registry.host}/app:1`
})

/** `may.tar` with the old layers, `june.tar` with the new ones, and `delta.tar` of patches from one to the other. */
async function months(old: Buffer[], now: Buffer[]): Promise<{ lines: string; delta: Buffer; june: Buffer }> {
  registry.addImage('app', '1', old)
  await ok('bundle', '--image', image, '-o', at('may.tar'))
  registry.addImage('app', '1', now)
  await ok('bundle', '--image', image, '-o', at('june.tar'))
  const { stderr } = await run('bundle', '--image', image, '--since', at('may.tar'), '-o', at('delta.tar'))
  return { lines: stderr, delta: await readFile(at('delta.tar')), june: await readFile(at('june.tar')) }
}

test('a delta brings a twentieth of its layers as patches, and becomes the full bundle with its base', async () => {
  const [old, now] = [await system(1), await system(2)]
  const { lines, delta, june } = await months([gzip(old)], [gzip(now)])
  const layer = gzip(now)
  await ok('bundle', '--image', image, '--since', at('may.tar'), '--patch=off', '-o', at('layers.tar'))

  expect(lines).toMatch(/app:1, layer [0-9a-f]{12}: \d+ kB → \d+(\.\d+)? kB/)
  expect((await readFile(at('layers.tar'))).length - delta.length).toBeGreaterThan(layer.length * 0.94)
  expect(existsSync(at('delta.tar.whole'))).toBe(false)
  expect(await ok('verify', at('delta.tar'))).toContain('merge makes them of the base')
  const { patches, patchTotal } = JSON.parse(await ok('inspect', at('delta.tar'), '--json'))
  expect(patches).toEqual([{ digest: digestOf(layer), size: layer.length, bytes: expect.any(Number) }])
  expect(patchTotal).toEqual({ layers: 1, size: layer.length, bytes: patches[0].bytes })

  await ok('merge', at('may.tar'), at('delta.tar'), '-o', at('merged.tar'))
  expect((await readFile(at('merged.tar'))).equals(june)).toBe(true)
})

test('without patches: off is said, or nothing is there to start from; a dry run says what may come as patches', async () => {
  await months([gzip(await system(1))], [gzip(await system(2))])
  await ok('lock', '--image', image, '-o', at('june.lock'))
  registry.addImage('app', '1', [gzip(await system(3))])
  // As a node lists what it holds; the bytes are in the bundle that it was seeded with.
  await writeFile(at('june.txt'), `${digestOf(gzip(await system(2)))} 12kB\n`)
  await mkdir(at('june'))
  execFileSync('tar', ['-xf', at('june.tar'), '-C', at('june')])
  const sizes = new Map<string, number>()
  for (const [name, words] of [
    ['patched', ['--since', at('june.tar')]],
    ['no-patch', ['--since', at('june.tar'), '--no-patch']],
    ['off', ['--patch', 'off', '--since', at('june.tar')]],
    ['lock', ['--since', at('june.lock')]],
    ['layout', ['--since', at('june')]],
    ['list', ['--since', at('june.txt'), '--reuse', at('june.tar')]],
  ] as const) {
    await ok('bundle', '--image', image, ...words, '-o', at(`${name}.tar`))
    sizes.set(name, (await readFile(at(`${name}.tar`))).length)
  }
  expect(new Set(['no-patch', 'off', 'lock'].map((name) => sizes.get(name)))).toEqual(new Set([sizes.get('off')]))
  for (const name of ['patched', 'layout', 'list']) expect(sizes.get(name)).toBeLessThan(sizes.get('off')! / 2)

  const dry = await run('bundle', '--image', image, '--since', at('june.tar'), '--dry-run', '-o', at('dry.tar'))
  expect(dry.stderr).toMatch(/1 layer with \d+ kB may come as patches/)
  const wrong = await runCli(['bundle', '--image', image, '--patch=maybe', '-o', at('wrong.tar')])
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('on, off') })
})

test('the same command again finds it up to date, and downloads nothing', async () => {
  const { delta } = await months([gzipSync(await system(1))], [gzipSync(await system(2))])
  registry.requests.length = 0
  const again = await ok('bundle', '--image', image, '--since', at('may.tar'), '-o', at('delta.tar'))

  expect(again).toContain('is up to date')
  expect(registry.requests.filter((request) => request.includes('/blobs/'))).toEqual([])
  expect((await readFile(at('delta.tar'))).equals(delta)).toBe(true)
})

test.each<[what: string, old: (text: Buffer) => Buffer, now: (text: Buffer) => Buffer]>([
  ['not compressed', (text) => text, (text) => text],
  ['gzip, of zstd', (text) => zstdCompressSync(text), (text) => gzipSync(text, { level: 9 })],
  [
    'gzip in members',
    (text) => gzipSync(text),
    (text) => Buffer.concat([gzipSync(text.subarray(0, 70_000)), gzipSync(text.subarray(70_000))]),
  ],
  [
    'gzip of a writer that nobody knows',
    (text) => gzipSync(text),
    (text) => gzipSync(text, { strategy: constants.Z_RLE }),
  ],
])('layers that are %s', async (_, old, now) => {
  const { june } = await months([old(await system(1))], [now(await system(2))])
  const { patches } = JSON.parse(await ok('inspect', at('delta.tar'), '--json'))
  expect(patches).toHaveLength(1)
  await ok('merge', at('may.tar'), at('delta.tar'), '-o', at('merged.tar'))
  expect((await readFile(at('merged.tar'))).equals(june)).toBe(true)
})

test('what a patch would not make smaller, and what cannot be made again, travels whole', async () => {
  const other = createHash('shake256', { outputLength: 50_000 }).update('other').digest()
  const zstd = zstdCompressSync(await system(2))
  const { lines, june } = await months(
    [gzipSync(await system(1)), other],
    [zstd, createHash('shake256', { outputLength: 40_000 }).digest(), gzipSync('a third layer')],
  )

  expect(lines.match(/travels whole: it is compressed with zstd/g)).toHaveLength(1)
  expect(lines.match(/travels whole: a patch would not be smaller/g)).toHaveLength(1)
  expect(lines).toMatch(/app:1, 1 new layer with \d+ B travels whole: no layer of the base is at its place/)
  const json = await ok('bundle', '--image', image, '--since', at('may.tar'), '-o', at('again.tar'), '--json')
  const { wholeLayers } = JSON.parse(json) as { wholeLayers: WholeLayer[] }
  expect(wholeLayers.map(({ reference, size }) => [reference, size])).toEqual([
    [image, zstd.length],
    [image, 40_000],
    [image, gzipSync('a third layer').length],
  ])
  expect(JSON.parse(await ok('inspect', at('delta.tar'), '--json')).patches).toBeUndefined()
  const again = await ok('bundle', '--image', image, '--since', at('may.tar'), '-o', at('delta.tar'))
  expect(again).toContain('is up to date')
  await ok('merge', at('may.tar'), at('delta.tar'), '-o', at('merged.tar'))
  expect((await readFile(at('merged.tar'))).equals(june)).toBe(true)
})

test('patches of patches: three months come together in one merge', async () => {
  registry.addImage('app', '1', [gzipSync(await system(1))])
  await ok('bundle', '--image', image, '-o', at('1.tar'))
  for (const month of [2, 3]) {
    registry.addImage('app', '1', [gzipSync(await system(month))])
    await ok('bundle', '--image', image, '--since', at(`${month - 1}.tar`), '-o', at(`${month}-delta.tar`))
    await ok('bundle', '--image', image, '-o', at(`${month}.tar`))
  }
  await ok('merge', at('1.tar'), at('2-delta.tar'), at('3-delta.tar'), '-o', at('merged.tar'))
  expect((await readFile(at('merged.tar'))).equals(await readFile(at('3.tar')))).toBe(true)
})

test('a delta of patches over its base is served, pushed and compared as it is', async () => {
  await months([gzipSync(await system(1))], [gzipSync(await system(2))])
  const { stdout } = await run('diff', at('june.tar'), at('delta.tar'), '--json')
  expect(JSON.parse(stdout)).toMatchObject({ added: [], removed: [], moved: [] })
  registry.requests.length = 0
  const { exitCode, stderr } = await runCli(['push', at('delta.tar'), `${registry.host}/copy`, '--base', at('may.tar')])
  // This registry takes nothing; that the blobs were there to be sent is what shows.
  expect(stderr).not.toContain('none of its bases has')
  expect(exitCode).not.toBe(1)

  const { content, close } = await openServedBundles([at('may.tar'), at('delta.tar')], {})
  onTestFinished(close)
  const layer = gzipSync(systemNow)
  for (const [start, end] of [
    [0, layer.length],
    [1000, 2000],
  ] as const) {
    const slice = await content.openBlob(digestOf(layer), start, end)
    const bytes = Buffer.alloc(end - start)
    for (let at = start; at < end; ) at += await slice.read(bytes.subarray(at - start), at)
    await slice.allow(end)
    expect(bytes.equals(layer.subarray(start, end))).toBe(true)
  }
  await expect(openServedBundles([at('delta.tar')], {})).rejects.toThrow('and no other file is named')
})

test('nodes cannot take it: seed says to merge first', async () => {
  await months([gzipSync(await system(1))], [gzipSync(await system(2))])
  const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': 'one' }
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one', labels } }
  await writeFile(at('nodes.json'), JSON.stringify(node))
  const { exitCode, stderr } = await runCli(['seed', at('delta.tar'), '--nodes', at('nodes.json'), '-o', at('seed')])
  expect(stderr).toContain('nodeseed merge BASE')
  expect(exitCode).toBe(3)
  expect(existsSync(at('seed'))).toBe(false)
})

test('a base that is another, or damaged, is named before anything is written', async () => {
  const { delta } = await months([gzipSync(await system(1))], [gzipSync(await system(2))])
  await ok('merge', at('june.tar'), '-o', at('other.tar'))
  const other = await runCli(['merge', at('other.tar'), at('delta.tar'), '-o', at('merged.tar')])
  expect(other.stderr).toContain(`which is not in ${at('other.tar')}`)
  expect(other.stderr).toContain('Name the bundle that it was made against first')
  expect(other.exitCode).toBe(4)

  const base = await readFile(at('may.tar'))
  const layer = gzipSync(await system(1))
  base[base.indexOf(layer.subarray(100, 200)) + 50]! ^= 1
  await writeFile(at('may.tar'), base)
  const damaged = await runCli(['merge', at('may.tar'), at('delta.tar'), '-o', at('merged.tar')])
  expect(damaged.stderr).toContain(`of which ${at('delta.tar')} makes a layer, is damaged`)
  expect(damaged.exitCode).toBe(4)
  expect((await readdir(directory)).filter((name) => name.startsWith('merged'))).toEqual([])
  const loaded = await runCli(['load', at('delta.tar'), '--base', at('may.tar')])
  expect(loaded).toMatchObject({ exitCode: 4, stderr: expect.stringContaining(`${at('may.tar')}: blob sha256:`) })

  await writeFile(at('may.tar'), base.fill(0, base.indexOf(layer.subarray(0, 50)), 0))
  delta[delta.indexOf('nodeseed layer patch 1') + 500]! ^= 1
  await writeFile(at('delta.tar'), delta)
  expect((await runCli(['verify', at('delta.tar')])).exitCode).toBe(4)
})

test('a patch that makes other bytes is what merge complains of', async () => {
  const blobs: Blobs = new Map()
  const [old, now, other] = await Promise.all(
    ['may', 'june', 'july'].map((month) => makeLayer(blobs, { program: program(1), month: `in ${month}\n` })),
  )
  const imageOf = (layer = old!) => {
    const image = makeImage(blobs, [layer])
    return lockImage('demo.example/app', '1', image.manifest, [image])
  }
  await writeTestBundle(at('base.tar'), [imageOf()], blobs)
  const bytesOf = ({ digest, size }: Descriptor = old!) => ({
    ...{ digest, size, path: 'layer' },
    open: () => Readable.from([blobs.get(digest)!]),
  })
  const { digest, size } = now!
  const patch = (await patchBytes(bytesOf(other), bytesOf()))!.toString('latin1')
  const content = Buffer.from(patch.replace(/"layer":{[^}]+}/, `"layer":${JSON.stringify({ digest, size })}`), 'latin1')
  const files = [{ name: patchFile(digest), content }]
  await writeTestBundle(at('wrong.tar'), [imageOf(now)], blobs, { without: new Set([digest]), files })

  const { exitCode, stderr } = await runCli(['merge', at('base.tar'), at('wrong.tar'), '-o', at('merged.tar')])
  expect(stderr).toContain(`the patch of layer ${digest} makes other bytes`)
  expect(exitCode).toBe(4)
  expect(existsSync(at('merged.tar'))).toBe(false)
})

test('a run that was ended goes on with what it downloaded', async () => {
  registry.addImage('app', '1', [gzipSync(await system(1))])
  await ok('bundle', '--image', image, '-o', at('may.tar'))
  registry.addImage('app', '1', [gzipSync(await system(2))])
  await ok('bundle', '--image', image, '--since', at('may.tar'), '-o', at('expected.tar'))
  // A directory in the place of the output's journal: the run ends after the download.
  await rm(at('expected.tar.whole'), { force: true })
  await writeFile(at('delta.tar.partial'), 'not ours')
  const { exitCode } = await runCli(['bundle', '--image', image, '--since', at('may.tar'), '-o', at('delta.tar')])
  expect(exitCode).not.toBe(0)
  expect(existsSync(at('delta.tar.whole'))).toBe(true)
  await rm(at('delta.tar.partial'))
  registry.requests.length = 0
  await ok('bundle', '--image', image, '--since', at('may.tar'), '-o', at('delta.tar'))
  expect(registry.requests.filter((request) => request.includes(digestOf(gzipSync(systemNow))))).toEqual([])
  expect(existsSync(at('delta.tar.whole'))).toBe(false)
})

let systemNow: Buffer = Buffer.alloc(0)

/** A tar of 60 files, of which some change each month, some move to another name, and one is added. */
async function system(month: number): Promise<Buffer> {
  const files = Array.from({ length: 60 }, (_, index): [{ name: string }, Buffer] => {
    const content = program(index)
    if (index % 7 === 0) content.write(`patched in month ${month}`, 1000 + index)
    return [{ name: `usr/lib/lib${index}.so.1.${index % 5 === 0 ? month : 0}` }, content]
  })
  systemNow = await tarOf([...files, [{ name: `etc/month-${month}` }, Buffer.from(`month ${month}\n`)]])
  return systemNow
}

/** As the program gzip writes it, whose every choice is foretold. */
function gzip(text: Buffer): Buffer {
  return execFileSync('gzip', ['-nc'], { input: text, maxBuffer: 64 * 1024 * 1024 })
}

/** Bytes that shrink to about half, as programs do. */
function program(seed: number): Buffer {
  const noise = createHash('shake256', { outputLength: 6000 }).update(String(seed)).digest()
  return Buffer.from(noise.toString('hex'))
}

async function run(...args: string[]) {
  const result = await runCli(args)
  expect(result.exitCode, result.stderr).toBe(0)
  return result
}

async function ok(...args: string[]): Promise<string> {
  return (await run(...args)).stdout
}
