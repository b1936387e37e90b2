import { randomBytes } from 'node:crypto'
import { open, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { beforeEach, expect, test } from 'vitest'
import { makeKeyPair, signIndex } from '../../src/bundle/format/signature.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { MemoryContent } from '../../src/server/registry/memory-content.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { WritableRegistry } from '../support/writable-registry.ts'

const LAYER = randomBytes(2_500_000)
const CONFIG = Buffer.from('{"os":"linux","architecture":"amd64"}')
let directory: string
let manifest: Digest
const at = (name: string) => join(directory, name)

/** A bundle that is signed, whose contents are changed afterwards: its table is still what was signed. */
beforeEach(async () => {
  directory = await temporaryDirectory()
  const content = new MemoryContent()
  const config = content.addBlob(OCI_CONFIG, CONFIG)
  const layers = [content.addBlob(OCI_LAYER_GZIP, LAYER)]
  const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }
  manifest = content.addManifest('docker.io/library/app', image, '1').digest
  await writeBundleOf(content, at('a.tar'))
  const { privateKey, publicKey } = makeKeyPair()
  await writeFile(at('key.pub'), publicKey)
  await writeFile(at('a.tar.sig'), `${signIndex((await bundle()).index, privateKey)}\n`)
})

async function bundle() {
  const opened = await openBundle(at('a.tar'))
  await opened.close()
  return opened
}

async function flip(digest: Digest, byte: number): Promise<void> {
  const { offset = 0 } = (await bundle()).blobs.get(digest) ?? {}
  const handle = await open(at('a.tar'), 'r+')
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, offset + byte)
  await handle.write(Buffer.of(buffer[0]! ^ 1), 0, 1, offset + byte)
  await handle.close()
}

const CHANGED: Readonly<Record<string, () => [Digest, number]>> = {
  'the first byte of a layer': () => [digestOf(LAYER), 0],
  'the last byte of a layer': () => [digestOf(LAYER), LAYER.length - 1],
  'a config': () => [digestOf(CONFIG), 10],
  'a manifest': () => [manifest, 30],
}

const kinds = Object.keys(CHANGED)
const key = () => ['--key', at('key.pub')]

test.for(kinds)('verify, load and merge --key refuse %s that was changed, and write nothing', async (kind) => {
  await flip(...CHANGED[kind]!())
  expect((await runCli(['verify', at('a.tar'), ...key()])).exitCode).toBe(4)
  const loaded = await runCli(['load', at('a.tar'), '--method', 'docker', '--ctr', '/bin/true', ...key()])
  expect(loaded).toMatchObject({ exitCode: 4, stdout: '', stderr: expect.stringContaining('is damaged') })
  const merged = await runCli(['merge', at('a.tar'), '-o', at('merged.tar'), ...key()])
  expect(merged).toMatchObject({ exitCode: 3, stdout: '', stderr: expect.stringContaining('damaged there') })
  expect(await readdir(directory)).not.toContain('merged.tar')
})

test.for(kinds)(
  'push --key completes nothing of %s that was changed, even where the registry does not look',
  async (kind) => {
    const [changed, byte] = CHANGED[kind]!()
    await flip(changed, byte)
    const registry = await WritableRegistry.start()
    // It takes for a blob whatever comes to its end.
    registry.misbehave = (request, response) => {
      const digest = /uploads.*digest=([^&]*)/.exec(request.url ?? '')?.[1]
      if (request.method !== 'PUT' || digest === undefined) return false
      return buffer(request).then(
        (bytes) => {
          registry.blobs.set(`library/app@${decodeURIComponent(digest)}`, bytes)
          response.writeHead(201).end()
        },
        () => {}, // cut off
      )
    }
    const pushed = await runCli(['push', at('a.tar'), registry.host, ...key()])
    expect(pushed).toMatchObject({ exitCode: 3, stdout: '' })
    expect(pushed.stderr).toMatch(new RegExp(`blob ${changed} is damaged`))
    expect([...registry.blobs.keys()].filter((blob) => blob.includes(changed))).toEqual([])
    expect([...registry.manifests.keys()]).toEqual([])
    expect(registry.requests.filter(({ line }) => line.startsWith('PUT') && line.includes('manifests'))).toEqual([])
    await flip(changed, byte)
    expect(await runCli(['push', at('a.tar'), registry.host, ...key()])).toMatchObject({ exitCode: 0 })
  },
)
