import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { pushImages } from '../../src/bundle/push/push.ts'
import { missingChildren } from '../../src/bundle/push/sparse-index.ts'
import { ExpectedError } from '../../src/errors.ts'
import { openContent } from '../../src/layout/open-content.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer } from '../support/image-maker.ts'
import { pushTarget } from '../support/push-target.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A registry that takes an index only when it has all that the index lists. */
function strictTarget() {
  const manifests = new Map<string, { manifests?: Descriptor[] }>()
  const target = pushTarget(async (_name, reference, _mediaType, bytes) => {
    const document = JSON.parse(Buffer.from(bytes).toString())
    const lacks = (document.manifests ?? []).filter(({ digest }: Descriptor) => !manifests.has(digest))
    if (lacks.length > 0) throw new ExpectedError('REGISTRY_ERROR', 'manifest unknown', { status: 400 })
    for (const name of [reference, digestOf(bytes)]) manifests.set(name, document)
  })
  return { target, manifests }
}

/** An image whose index lists an index, in which a platform is missing; in the other another one. */
async function nested(absent: { readonly outer: readonly string[]; readonly inner: readonly string[] }) {
  const blobs: Blobs = new Map()
  const part = makeImage(blobs, [await makeLayer(blobs, { motd: 'hello' })])
  const inner = makeIndex(blobs, [part], absent.inner)
  const outer = makeIndex(blobs, [{ ...part, manifest: inner }], absent.outer)
  const image = { ...lockImage('registry.example.com/shop', '1', outer, [part]), indexes: [inner] }
  const path = join(await temporaryDirectory(), 'b.tar')
  const lock = await writeTestBundle(path, [image], blobs)
  const source = await openContent(path)
  onTestFinished(() => source.close())
  return { lock, image, source, part, inner, outer }
}

const nameFor = () => 'there.example.com/shop'

test.for<[outer: string[], inner: string[]]>([
  [[], ['linux/arm64']],
  [['linux/s390x'], ['linux/arm64', 'linux/arm']],
  [['linux/s390x'], []],
  [[], []],
])('what is left out of an index, %o, and of one in it, %o, is taken out of both', async ([outer, inner]) => {
  const made = await nested({ outer, inner })
  const { target, manifests } = strictTarget()
  const missing = await missingChildren(made.image, made.source)
  expect(missing.map(({ platform }) => `${platform?.os}/${platform?.architecture}`)).toEqual([...outer, ...inner])
  const options = { nameFor, baseNameFor: nameFor, sparseIndex: 'reduce' } as const
  const { failures, images } = await pushImages(made.lock, made.source, target, options)
  expect(failures).toEqual([])
  const top = manifests.get('1')
  expect(manifests.get(images[0]?.digest ?? '')).toEqual(top)
  const below = manifests.get(top?.manifests?.[0]?.digest ?? '')
  expect(below?.manifests?.map(({ digest }) => digest)).toEqual([made.part.manifest.digest])
  const kept = (document: object | undefined, digest: Digest) => digestOf(JSON.stringify(document)) === digest
  expect([kept(below, made.inner.digest), kept(top, made.outer.digest)]).toEqual([
    inner.length === 0,
    outer.length + inner.length === 0,
  ])
})

test.for(['original', 'fail'] as const)('with %s what an index in an index lacks is named', async (sparseIndex) => {
  const { lock, source } = await nested({ outer: [], inner: ['linux/arm64'] })
  const { target } = strictTarget()
  const pushing = pushImages(lock, source, target, { nameFor, baseNameFor: nameFor, sparseIndex })
  const failures = await pushing.then(
    (result) => result.failures,
    (error) => error.failures,
  )
  expect(failures).toMatchObject([
    {
      error: {
        code: 'UNSUPPORTED',
        message: expect.stringMatching(/its index.*lists what the bundle leaves out \(linux\/arm64\)/),
      },
    },
  ])
})
