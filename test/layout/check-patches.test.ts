import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { patchFile } from '../../src/bundle/format/patch-files.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { patchWith } from './patch-bytes.ts'

const other = digestOf('another layer')
const base = { digest: digestOf('base'), size: 4 }

function patchOf(layer: { digest: Digest; size: number }): Buffer {
  return patchWith({ layer, base, gzip: 0, segments: [] })
}

function firstLayer([image]: readonly LockedImage[]) {
  const { digest, size } = image!.platforms[0]!.layers[0]!
  return { digest, size }
}

type MakePatch = (layer: { digest: Digest; size: number }) => Buffer

test('verify parses every patch that a delta brings', async () => {
  const blobs: Blobs = new Map()
  const images = await shopImages(blobs)
  const layer = firstLayer(images)
  const directory = await temporaryDirectory()
  const table: [what: string, content: MakePatch, named: Digest, problem: RegExp | undefined][] = [
    ['good', patchOf, layer.digest, undefined],
    ['empty', () => Buffer.alloc(0), layer.digest, /not a patch of a layer/],
    ['junk', () => Buffer.from('junk'.repeat(50)), layer.digest, /not a patch of a layer/],
    ['cut off', (one) => patchOf(one).subarray(0, -3), layer.digest, /not a patch of a layer|no JSON/],
    ['longer', (one) => Buffer.concat([patchOf(one), Buffer.from('x')]), layer.digest, /bytes behind its end/],
    ['of another layer', () => patchOf({ digest: other, size: 7 }), layer.digest, /makes another layer/],
    ['of another size', ({ digest, size }) => patchOf({ digest, size: size + 1 }), layer.digest, /of another size/],
    ['of no image', () => patchOf({ digest: other, size: 7 }), other, /a layer of no image/],
  ]
  for (const [what, make, named, problem] of table) {
    const path = join(directory, `${what}.tar`)
    const files = [{ name: patchFile(named), content: make(layer) }]
    await writeTestBundle(path, images, blobs, { files, without: new Set([layer.digest]) })
    const { exitCode, stdout } = await runCli(['verify', path])
    expect({ what, exitCode }, stdout).toEqual({ what, exitCode: problem ? 4 : 0 })
    if (problem) expect(stdout).toMatch(problem)
  }
})
