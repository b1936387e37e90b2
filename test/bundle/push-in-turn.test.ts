import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { pushImages } from '../../src/bundle/push/push.ts'
import { openContent } from '../../src/layout/open-content.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer } from '../support/image-maker.ts'
import { pushTarget } from '../support/push-target.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Where every upload takes a while. Gives pairs of uploads that touch the same manifest and overlap, and the most at a time. */
function slowTarget() {
  const running = new Set<{ reference: string; touched: string[] }>()
  const clashes: string[][] = []
  let most = 0
  const target = pushTarget(async (name, reference, _mediaType, bytes) => {
    const { manifests = [] }: { manifests?: { digest: string }[] } = JSON.parse(Buffer.from(bytes).toString())
    const touched = [digestOf(bytes), ...manifests.map(({ digest }) => digest)].map((digest) => `${name} ${digest}`)
    for (const other of running) {
      if (other.touched.some((thing) => touched.includes(thing))) clashes.push([other.reference, reference])
    }
    const own = { reference, touched }
    running.add(own)
    most = Math.max(most, running.size)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    running.delete(own)
  })
  return { target, clashes, most: () => most }
}

test('a manifest is not uploaded while another upload of it, or of an index that lists it, goes on', async () => {
  const blobs: Blobs = new Map()
  const [one, two, other] = await Promise.all(
    ['one', 'two', 'other'].map(async (motd) => makeImage(blobs, [await makeLayer(blobs, { motd })])),
  )
  const image = (tag: string, parts: (typeof one)[]) => {
    const index =
      parts.length > 1
        ? makeIndex(
            blobs,
            parts.flatMap((part) => part ?? []),
          )
        : parts[0]!.manifest
    return lockImage(
      'registry.example.com/shop',
      tag,
      index,
      parts.flatMap((part) => part ?? []),
    )
  }
  const images = [
    image('both', [one, two]),
    image('one', [one]),
    image('again', [one]),
    image('turned', [two, one]),
    image('other', [other]),
  ]
  const path = join(await temporaryDirectory(), 'b.tar')
  const lock = await writeTestBundle(path, images, blobs)
  const source = await openContent(path)
  onTestFinished(() => source.close())
  const { target, clashes, most } = slowTarget()
  const nameFor = (name: string) => `there.example.com/${name.split('/').at(-1)}`
  const { failures } = await pushImages(lock, source, target, {
    nameFor,
    baseNameFor: nameFor,
    sparseIndex: 'original',
  })
  expect({ failures, clashes }).toEqual({ failures: [], clashes: [] })
  expect(most()).toBeGreaterThan(1)
})
