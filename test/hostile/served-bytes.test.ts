import { randomBytes } from 'node:crypto'
import { open, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { makeKeyPair, signIndex } from '../../src/bundle/format/signature.ts'
import type { BundleFile } from '../../src/layout/bundle-file.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { BundleContent } from '../../src/server/registry/bundle-content.ts'
import { MemoryContent } from '../../src/server/registry/memory-content.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { startServing } from '../server/serving.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const LAYER = randomBytes(3_000_000)
const CONFIG = Buffer.from('{"os":"linux","architecture":"amd64"}')
let file: string
let key: string
let manifest: Digest

beforeEach(async () => {
  const directory = await temporaryDirectory()
  const content = new MemoryContent()
  const config = content.addBlob(OCI_CONFIG, CONFIG)
  const layers = [content.addBlob(OCI_LAYER_GZIP, LAYER)]
  const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }
  manifest = content.addManifest('docker.io/library/app', image, '1').digest
  const pair = makeKeyPair()
  ;[file, key] = [join(directory, 'app.tar'), join(directory, 'app.pub')]
  await writeBundleOf(content, file)
  await writeFile(key, pair.publicKey)
  await writeFile(`${file}.sig`, `${signIndex((await reading()).index, pair.privateKey)}\n`)
})

async function reading(): Promise<BundleFile> {
  const bundle = await openBundle(file)
  await bundle.close()
  return bundle
}

/** Changes one byte of a blob, in the file as it lies there, and gives it the time that it had: whoever does that hides it. */
async function flip(digest: Digest, at: number): Promise<void> {
  const { offset = 0 } = (await reading()).blobs.get(digest) ?? {}
  const { atime, mtime } = await stat(file)
  const handle = await open(file, 'r+')
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, offset + at)
  await handle.write(Buffer.of(buffer[0]! ^ 1), 0, 1, offset + at)
  await handle.close()
  await utimes(file, atime, mtime)
}

/** What a client gets: the status, and whether the answer came to its end. */
async function get(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers }).catch(() => undefined)
  const bytes = await answer?.arrayBuffer().catch(() => undefined)
  return { status: answer?.status, bytes: bytes && Buffer.from(bytes) }
}

async function getDigest(url: string): Promise<Digest | undefined> {
  const { bytes } = await get(url)
  return bytes && digestOf(bytes)
}

const LAYER_DIGEST = digestOf(LAYER)
const BLOBS: readonly [what: string, digest: Digest, bytes: Buffer][] = [
  ['a layer', LAYER_DIGEST, LAYER],
  ['a config', digestOf(CONFIG), CONFIG],
]

for (const withKey of [true, false]) {
  const serve = () => startServing([file, '--no-access-log', ...(withKey ? ['--key', key] : [])])

  test.for(BLOBS)(
    `${withKey ? '--key: ' : ''}%s that was changed before or while it is served never arrives whole`,
    async ([, digest, bytes]) => {
      {
        const at = bytes.length - 1
        const server = await serve()
        const url = `${server.url}/v2/library/app/blobs/${digest}`
        expect(await getDigest(url)).toBe(digest)
        await flip(digest, at)
        for (const asked of [server, await serve()]) {
          const { status, bytes: got } = await get(`${asked.url}/v2/library/app/blobs/${digest}`)
          // With a key not one byte is sent that was not checked; the answer says that something is wrong.
          if (withKey) expect([status, got?.includes('"UNKNOWN"')]).toEqual([500, true])
          else expect(got).toBeUndefined()
          // Its log comes by another way than the answer.
          const said = `error: ${file}: blob ${digest} is damaged: it hashes to sha256:`
          await vi.waitFor(() => expect(asked.log()).toContain(said), { timeout: 60_000 })
          expect(await (await fetch(`${asked.url}/healthz`)).text()).toBe('ok\n')
        }
        await flip(digest, at)
        expect(await getDigest(url)).toBe(digest)
      }
    },
  )

  test(`${withKey ? '--key: ' : ''}a manifest that was changed while it is served is not sent`, async () => {
    const server = await serve()
    for (const reference of ['1', manifest]) {
      const url = `${server.url}/v2/library/app/manifests/${reference}`
      expect((await get(url)).status).toBe(200)
      await flip(manifest, 20)
      expect((await get(url)).status).toBe(500)
      await flip(manifest, 20)
      expect((await get(url)).status).toBe(200)
    }
  })
}

test.for([
  ['--key: a range', true, 'bytes=0-9', 500],
  ['--key: the end', true, 'bytes=-9', 500],
  ['the end', false, 'bytes=-9', undefined],
] as const)('%s of a changed layer is not sent', async ([, withKey, range, status]) => {
  const server = await startServing([file, '--no-access-log', ...(withKey ? ['--key', key] : [])])
  const url = `${server.url}/v2/library/app/blobs/${LAYER_DIGEST}`
  expect((await get(url, { range })).status).toBe(206)
  await flip(LAYER_DIGEST, 1_000_000)
  const answer = await get(url, { range })
  if (status) expect(answer.status).toBe(status)
  else expect(answer.bytes).toBeUndefined()
  await flip(LAYER_DIGEST, 1_000_000)
})

test.for([true, false])(
  'a layer that is changed while it is sent does not come to its end, nor when it is as before again (--key: %s)',
  async (checkFirst) => {
    const bundle = await openBundle(file)
    onTestFinished(() => bundle.close())
    const content = new BundleContent([bundle], { checkFirst })
    const slice = await content.openBlob(LAYER_DIGEST, 0, LAYER.length)
    await slice.allow(LAYER.length)
    for (const [turn, problem] of ['is damaged: it hashes to', 'was written to while it was sent'].entries()) {
      await flip(LAYER_DIGEST, LAYER.length - 1)
      await expect(slice.allow(LAYER.length), `${turn}`).rejects.toMatchObject({
        code: 'CONTENT_MISMATCH',
        message: expect.stringContaining(problem),
      })
    }
    // What was read between the two changes may have been either; who asks now gets what is right.
    const next = await content.openBlob(LAYER_DIGEST, 0, LAYER.length)
    await next.allow(LAYER.length)
    expect(next.source).not.toBe(slice.source)
  },
)
