import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { verifyBundle } from '../../src/bundle/check/verify.ts'
import { carriedFiles } from '../../src/bundle/format/node-files.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { ExpectedError } from '../../src/errors.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { bundleBytes } from '../support/bundle-maker.ts'
import { runTool, type Tool, testWith } from '../support/debian.ts'
import type { Blobs } from '../support/image-maker.ts'
import { RUNS, runs } from '../support/property.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { Dice, mutate } from './tar-mutator.ts'

const SEED = Number(process.env.SEED ?? 1)
/** Of so many mutants one is read by other programs too. */
const SAMPLE = 10 * RUNS
const PART_BYTES = 4096
const READERS: Record<string, { tool: Tool; args: string[] }> = {
  'GNU tar': { tool: 'tar', args: ['-xOf'] },
  'busybox tar': { tool: 'busybox', args: ['tar', '-xOf'] },
  bsdtar: { tool: 'bsdtar', args: ['-xOf'] },
}

const KINDS = ['bundle', 'delta', 'parts'] as const
const canonical = new Map<string, Buffer>()

beforeAll(async () => {
  const blobs: Blobs = new Map()
  const lock = { version: 1, edition: { set: 'shop', number: 3 }, images: await shopImages(blobs) } as const
  const files = carriedFiles(lock, '#!/bin/sh\necho the script that was signed\n')
  const layer = lock.images[0]!.platforms[0]!.layers[0]!
  const whole = bundleBytes(planBundle(lock, files), blobs)
  canonical.set('bundle', whole).set('parts', whole)
  canonical.set('delta', bundleBytes(planBundle(lock, files, { without: new Set([layer.digest]) }), blobs))
})

/** Writes a file, or its parts; resolves to a function that removes them. */
async function write(path: string, bytes: Buffer, inParts: boolean): Promise<() => Promise<void>> {
  const size = inParts ? PART_BYTES : Math.max(bytes.length, 1)
  const count = Math.max(Math.ceil(bytes.length / size), 1)
  const names = Array.from({ length: count }, (_, at) =>
    inParts ? `${path}.part${`${at + 1}`.padStart(3, '0')}` : path,
  )
  for (const [at, name] of names.entries()) await writeFile(name, bytes.subarray(at * size, (at + 1) * size))
  return async () => {
    for (const name of names) await rm(name)
  }
}

/** Whether verify says yes. */
async function isAccepted(path: string): Promise<boolean> {
  try {
    const bundle = await openBundle(path)
    try {
      return (await verifyBundle(bundle)).length === 0
    } finally {
      await bundle.close()
    }
  } catch (error) {
    if (error instanceof ExpectedError) return false
    throw error
  }
}

const withReaders = testWith(['tar', 'busybox', 'bsdtar'])

withReaders.for(KINDS)('of a %s: no mutant is accepted, whatever other programs make of it', async (kind) => {
  const original = canonical.get(kind)!
  const path = join(await temporaryDirectory(), 'mutant.tar')
  const script = await extracted(original, path)
  const dice = new Dice(SEED + KINDS.indexOf(kind))
  const [wrong, readOtherwise] = [[] as string[], new Map<string, number>()]
  let [count, same] = [0, 0]
  for (let at = 0; at < runs(120); at++) {
    const { mutant, how } = mutate(original, dice)
    const isSame = mutant.equals(original)
    const remove = await write(path, mutant, kind === 'parts')
    if ((await isAccepted(path)) !== isSame) wrong.push(`${at}: ${how}`)
    await remove()
    if (isSame) same++
    else count++
    if (at % SAMPLE !== 0) continue
    for (const [reader, content] of Object.entries(await extracted(mutant, path))) {
      if (content !== script[reader]) readOtherwise.set(reader, (readOtherwise.get(reader) ?? 0) + 1)
    }
  }
  process.stderr.write(
    `${count} mutants of a ${kind} (seed ${SEED}), ${same} the same; ${JSON.stringify([...readOtherwise])}\n`,
  )
  expect(wrong).toEqual([])
  expect(count).toBeGreaterThan(runs(100))
  // Mutants that others read as before would prove nothing.
  expect([...readOtherwise.keys()].sort()).toEqual(Object.keys(READERS).sort())
})

/** What each program takes for the script and for index.json. */
async function extracted(bytes: Buffer, path: string): Promise<Record<string, string>> {
  await writeFile(path, bytes)
  const found: Record<string, string> = {}
  for (const [reader, { tool, args }] of Object.entries(READERS)) {
    const run = runTool(tool, [...args, path, 'nodeseed/seed.sh', 'index.json'])
    found[reader] = await run.then(
      ({ stdout }) => stdout,
      (error: { stdout?: string }) => `failed: ${error.stdout}`,
    )
  }
  await rm(path)
  return found
}

test('the canonical ones are accepted', async () => {
  const path = join(await temporaryDirectory(), 'b.tar')
  for (const kind of KINDS) {
    const remove = await write(path, canonical.get(kind)!, kind === 'parts')
    expect(await isAccepted(path), kind).toBe(true)
    await remove()
  }
})
