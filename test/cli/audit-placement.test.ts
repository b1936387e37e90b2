import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { seedSetDigest, seedSetDigestOf } from '../../src/bundle/format/seed-set.ts'
import { readPlaced } from '../../src/cli/audit/audit-placement.ts'
import { OWN_FILES, renderOwnFiles } from '../../src/disk/own-files.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { lockedImage } from '../support/cluster.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const WEB = lockedImage('docker.io/library/web:1', 'linux/amd64')
const JOB = lockedImage('docker.io/library/job:1', 'linux/amd64')
const rebuilt: LockedImage = { ...WEB, target: { ...WEB.target, digest: digestOf('rebuilt') } }

function placementOf(images: readonly LockedImage[], isTold: boolean): string {
  const names = images.flatMap((image) => image.names.map((name) => [name, image.target.digest] as const))
  const digest = seedSetDigestOf(names)
  const digests = isTold ? { digests: names.map(([, is]) => is) } : {}
  const set = { name: 'images', digest, label: `images.nodeseed.dev/${digest}`, images: names.map(([name]) => name) }
  const nodes = [{ node: 'a', sets: [digest], seeded: digest }]
  return JSON.stringify({ namespace: 'n', sets: [{ ...set, ...digests }], nodes, prepared: [{ node: 'b' }] })
}

test.for<[what: string, placed: LockedImage[], isTold: boolean, problem: string | undefined]>([
  ['the bundle', [WEB, JOB], true, undefined],
  ['the bundle, of which it does not say what names stand for', [WEB, JOB], false, undefined],
  ['part of the bundle', [WEB], true, undefined],
  ['as many other images', [rebuilt, JOB], true, 'docker.io/library/web:1 is another image in it'],
  ['as many other images, not saying so', [rebuilt, JOB], false, 'is another image in it'],
  [
    'an image more',
    [WEB, JOB, lockedImage('docker.io/library/db:1', 'linux/amd64')],
    true,
    'it lacks docker.io/library/db:1',
  ],
])('seeding can be assumed only of a placement of this bundle: one of %s', async ([, placed, isTold, problem]) => {
  const directory = await temporaryDirectory()
  const text = placementOf(placed, isTold)
  await writeFile(join(directory, 'placement.json'), text)
  const own = new Map([['placement.json', digestOf(text).slice('sha256:'.length)]])
  await writeFile(join(directory, OWN_FILES), renderOwnFiles(own))
  const lock = { version: 1, images: [WEB, JOB] } as const
  const read = readPlaced(directory, { lock, 'assume-seeded': true })
  if (problem === undefined) {
    const digest = seedSetDigest({ images: placed })
    const { placedSets } = await read
    expect(placedSets?.get('a')).toEqual([{ digest, label: `images.nodeseed.dev/${digest}` }])
    expect(placedSets?.get('b')).toEqual([{ digest: seedSetDigest(lock) }])
  } else {
    await expect(read).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining(problem) })
    expect((await readPlaced(directory, { lock, 'assume-seeded': false })).seedSets).toHaveLength(1)
  }
})
