import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { type LockedImage, parseLock } from '../../src/bundle/format/lock.ts'
import { carriedFiles } from '../../src/bundle/format/node-files.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { makeKeyPair, signIndex } from '../../src/bundle/format/signature.ts'
import { bundleBytes } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith, toolEnvironment } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT, reach, runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const platform = thisPlatform()
const { privateKey, publicKey } = makeKeyPair()
const PART = 256 * 1024 + 77 // cut anywhere, and each part that is waited for is a second

/** A bundle of two images, cut into parts that lie in a drawer; `drive` is where a medium would be mounted. */
async function drawer() {
  const directory = await temporaryDirectory()
  const blobs: Blobs = new Map()
  const images: LockedImage[] = []
  for (const name of ['a', 'b']) {
    const part = makeImage(blobs, [await makeLayer(blobs, { [`etc/${name}`]: randomBytes(300_000) })], { platform })
    images.push(lockImage(`registry.example/${name}`, '1', part.manifest, [part]))
  }
  const lock = parseLock({ version: 1, images }, 'lock')
  const plan = planBundle(lock, carriedFiles(lock, await readFile(NODE_SCRIPT, 'utf8')))
  const bytes = bundleBytes(plan, blobs)
  const parts = Array.from({ length: Math.ceil(bytes.length / PART) }, (_, at) =>
    bytes.subarray(at * PART, (at + 1) * PART),
  )
  const drive = join(directory, 'drive')
  await mkdir(drive)
  await writeFile(join(directory, 'release.pub'), publicKey)
  const index = plan.files.find(({ name }) => name === 'index.json')?.content
  await writeFile(join(directory, 'b.sig'), `${signIndex(index!, privateKey)}\n`)
  return { directory, drive, images, parts, bundle: join(drive, 'b.tar') }
}

const nameOf = (part: number) => `b.tar.part${String(part).padStart(3, '0')}`

/** Runs the script, and answers when it waits for a part, as somebody at the machine would. */
async function attend(args: string[], bring: (part: number, line: string) => unknown) {
  const child = spawn('sh', [NODE_SCRIPT, ...args], { env: toolEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const asked: number[] = []
  let said = ''
  createInterface(child.stderr).on('line', (line) => {
    said += `${line}\n`
    const part = /waiting: part (\d+)/.exec(line)?.[1]
    if (!part) return
    asked.push(Number(part))
    bring(Number(part), line)
  })
  const stdout = createInterface(child.stdout)[Symbol.asyncIterator]()
  const report = JSON.parse((await stdout.next()).value ?? '{}') as Record<string, unknown>
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, asked, said, report, child }
}

testWith(['containerd', 'ctr', 'runc'], { root: true })(
  'media that come one after the other: each part is asked for once, and one is in the drive at a time',
  async () => {
    const { drive, parts, bundle, images } = await drawer()
    const containerd = await startContainerd()
    const only = async (part: number) => {
      await rm(drive, { recursive: true })
      await mkdir(drive)
      await writeFile(join(drive, nameOf(part)), parts[part - 1]!)
    }
    const { code, asked, report, said } = await attend([...reach(containerd), '--wait-for-media', bundle], only)
    expect({ code, report }, said).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
    expect(asked).toEqual(parts.map((_, at) => at + 1))
    expect(said).toContain(`waiting: part 2 of ${parts.length}, ${bundle}.part002, is missing: bring the medium`)
    for (const name of images.flatMap(({ names }) => names)) {
      expect(await containerd.cri.imageStatus(name), name).toBeDefined()
    }
  },
)

/** Needs no runtime: k3s takes what lies in its image directory. */
async function toDirectory(directory: string): Promise<string[]> {
  await mkdir(join(directory, 'node/var/lib/rancher/k3s/agent/images'), { recursive: true })
  return ['--method', 'directory', '--root', join(directory, 'node')]
}

testWith(['openssl'])('with a key every byte is checked first: each part is asked for twice', async () => {
  const { directory, drive, parts, bundle } = await drawer()
  const key = ['--key', join(directory, 'release.pub'), '--signature', join(directory, 'b.sig')]
  const args = [...(await toDirectory(directory)), ...key, '--wait-for-media', bundle]
  const only = async (part: number) => {
    await rm(drive, { recursive: true })
    await mkdir(drive)
    await writeFile(join(drive, nameOf(part)), parts[part - 1]!)
  }
  const { code, asked, said } = await attend(args, only)
  expect(code, said).toBe(0)
  const round = parts.map((_, at) => at + 1)
  expect(asked).toEqual([...round, ...round])
})

test('a part that is not copied to its end is waited for, and so is one that is not the right one', async () => {
  const { directory, drive, parts, bundle } = await drawer()
  for (const [at, bytes] of parts.entries()) await writeFile(join(drive, nameOf(at + 1)), bytes)
  const second = join(drive, nameOf(2))
  await writeFile(second, parts[1]!.subarray(0, 1000))
  const args = [...(await toDirectory(directory)), '--wait-for-media', bundle]
  const { code, said } = await attend(args, () => writeFile(second, parts[1]!))
  expect(code, said).toBe(0)
  expect(said).toContain(
    `part 2 of ${parts.length}, ${second}, has 1000 bytes and not ${PART}: is it copied to its end`,
  )
})

test('parts on several media at once are found with --media', async () => {
  const { directory, drive, parts, bundle } = await drawer()
  const others = ['one', 'two'].map((name) => join(directory, `medium ${name}`))
  for (const other of others) await mkdir(other)
  const places = [drive, ...others]
  for (const [at, bytes] of parts.entries()) await writeFile(join(places[at % 3]!, nameOf(at + 1)), bytes)
  const media = others.flatMap((other) => ['--media', other])
  const seed = await toDirectory(directory)
  expect(await runNodeScript([...seed, ...media, bundle])).toMatchObject({ code: 0, report: { result: 'seeded' } })
  await cp(drive, `${drive}2`, { recursive: true })
  const waiting = [...seed, '--set-name', 'again', ...media, '--wait-for-media', bundle]
  expect(await attend(waiting, () => {})).toMatchObject({ code: 0, asked: [] })
})

test('who waits can be stopped, and what is no bundle is not waited for', async () => {
  const { directory, drive, parts, bundle } = await drawer()
  const args = [...(await toDirectory(directory)), '--wait-for-media']
  const child = spawn('sh', [NODE_SCRIPT, ...args, bundle], {
    env: toolEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await once(child.stderr, 'data')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([143, null])

  await writeFile(join(drive, nameOf(1)), randomBytes(PART))
  const other = await runNodeScript([...args, bundle])
  expect(other).toMatchObject({ code: 2, report: { message: expect.stringContaining('not a bundle of nodeseed') } })
  for (const [at, bytes] of parts.entries()) await writeFile(join(drive, nameOf(at + 1)), bytes)
  const watching = await runNodeScript([...args, '--watch', '5', bundle])
  expect(watching).toMatchObject({ code: 2, report: { message: expect.stringContaining('--wait-for-media') } })
})
