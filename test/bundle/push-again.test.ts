import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { pushImages } from '../../src/bundle/push/push.ts'
import { openContent } from '../../src/layout/open-content.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer } from '../support/image-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { WritableRegistry } from '../support/writable-registry.ts'

/** A bundle with an image of two platforms and a signature, where `push` brings it, and what is there afterwards. */
async function start() {
  const blobs: Blobs = new Map()
  const parts = [
    makeImage(blobs, [await makeLayer(blobs, { motd: 'one' })]),
    makeImage(blobs, [await makeLayer(blobs, { motd: 'two' })], { platform: 'linux/arm64' }),
  ]
  const index = makeIndex(blobs, parts)
  const signature = makeImage(blobs, [await makeLayer(blobs, { motd: 'signed' })])
  const attachment = {
    subject: index.digest,
    target: signature.manifest,
    tag: `${index.digest.replace(':', '-')}.sig`,
    blobs: [signature.config, ...signature.layers],
  }
  const image = { ...lockImage('registry.example.com/shop', '1', index, parts), attachments: [attachment] }
  const path = join(await temporaryDirectory(), 'b.tar')
  const lock = await writeTestBundle(path, [image], blobs)
  const [source, registry] = [await openContent(path), await WritableRegistry.start()]
  const client = new UploadClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(async () => void (await Promise.all([source.close(), client.close()])))
  const nameFor = () => `${registry.host}/shop`
  const options = { nameFor, baseNameFor: nameFor, sparseIndex: 'original' } as const
  return { registry, parts, index, attachment, push: () => pushImages(lock, source, client, options) }
}

type Started = Awaited<ReturnType<typeof start>>

test.for<[what: string, keys: (pushed: Started) => readonly string[], sent?: number]>([
  ['nothing', () => []],
  ['a manifest that its index lists', ({ parts }) => [parts[1]?.manifest.digest ?? '']],
  ['a layer', ({ parts }) => [parts[0]?.layers[0]?.digest ?? '']],
  ['a config', ({ parts }) => [parts[1]?.config.digest ?? '']],
  ['the tag', () => ['1']],
  ['the index, and with it what it lists', ({ index }) => [index.digest, '1'], 4],
  ['a signature', ({ attachment }) => [attachment.target.digest, attachment.tag]],
  ['the layer of a signature', ({ attachment }) => [attachment.blobs[1]?.digest ?? '']],
])('what a registry has lost is sent again, and nothing else: %s', async ([, keys, sent]) => {
  const started = await start()
  const { registry, push } = started
  expect(await push()).toMatchObject({ failures: [], doubts: [] })
  const before = [new Map(registry.blobs), new Map(registry.manifests)]
  const lost = keys(started).map((key) => `shop@${key}`)
  for (const key of lost) expect([registry.blobs.delete(key), registry.manifests.delete(key)]).toContain(true)
  registry.requests.length = 0
  expect((await push()).failures).toEqual([])
  expect([registry.blobs, registry.manifests]).toEqual(before)
  expect(registry.requests.filter(({ line }) => line.startsWith('PUT'))).toHaveLength(sent ?? lost.length)
})

test.for<[what: string, lie: Lie]>([
  ['manifests that it takes and forgets', ({ method, url = '' }) => method === 'PUT' && url.includes('/manifests/')],
  ['a tag that it does not set', ({ method, url = '' }) => method === 'PUT' && url.endsWith('/manifests/1')],
  ['blobs that it takes and forgets', ({ method, url = '' }) => method === 'PUT' && url.includes('/blobs/')],
  ['everything', () => true],
])('a registry that lies with 201 and our own digest: %s', async ([, lie]) => {
  const { registry, push } = await start()
  registry.misbehave = (request, response) => {
    if (!lie(request)) return false
    const digest = /sha256:[0-9a-f]{64}/.exec(request.url ?? '')?.[0] ?? ''
    const headers = { 'docker-content-digest': digest, location: '/v2/shop/blobs/uploads/1' }
    const status = request.method === 'PUT' || request.method === 'POST' ? 201 : 200
    return request.resume().on('end', () => response.writeHead(status, headers).end())
  }
  const { images, failures } = await push()
  expect(images).toEqual([])
  expect(failures.map(({ error }) => error.exitCode)).toEqual([3])
})

type Lie = (request: { method?: string | undefined; url?: string | undefined }) => boolean
