// How much memory one huge blob and very many small ones take: node test/bench/memory.ts [GIGABYTES] [BLOBS] [DIRECTORY]
// Needs `npm run build`. The registry makes its content up while it answers, so it needs no disk; the bundle does.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { measure } from './measure.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const MEBIBYTE = randomBytes(1 << 20)

const [gigabytes = '10', count = '5000', base = tmpdir()] = process.argv.slice(2)

/** Content of any size: the same mebibyte again and again, the first bytes numbered. */
function* generate(size: number, seed: number): Generator<Buffer> {
  for (let at = 0; at < size; at += MEBIBYTE.length) {
    const chunk = Buffer.from(MEBIBYTE.subarray(0, Math.min(MEBIBYTE.length, size - at)))
    chunk.writeUInt32LE(seed, 0)
    chunk.writeUInt32LE(at / MEBIBYTE.length, 4)
    yield chunk
  }
}

const contents = new Map<string, { mediaType: string; size: number; open(): Iterable<Buffer> }>()

function addGenerated(size: number, seed: number): Descriptor {
  const hash = createHash('sha256')
  for (const chunk of generate(size, seed)) hash.update(chunk)
  const digest = `sha256:${hash.digest('hex')}` as Digest
  contents.set(digest, { mediaType: OCI_LAYER_GZIP, size, open: () => generate(size, seed) })
  return { mediaType: OCI_LAYER_GZIP, digest, size }
}

function addDocument(document: object, mediaType: string, tag?: string): Descriptor {
  const bytes = Buffer.from(JSON.stringify(document))
  const digest = digestOf(bytes)
  for (const name of [digest, ...(tag ? [tag] : [])]) {
    contents.set(name, { mediaType, size: bytes.length, open: () => [bytes] })
  }
  return { mediaType, digest, size: bytes.length }
}

function addImage(tag: string, layers: readonly Descriptor[]): void {
  const config = addDocument({ os: 'linux', architecture: 'amd64', tag }, OCI_CONFIG)
  addDocument({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }, OCI_MANIFEST, tag)
}

const server = createServer(({ url = '', method }, response: ServerResponse) => {
  const name = url.slice(url.lastIndexOf('/') + 1)
  const found = contents.get(name)
  if (!found) return response.writeHead(404).end()
  const { mediaType, size, open } = found
  const digest = name.startsWith('sha256:') ? name : digestOf(Buffer.concat([...open()]))
  response.writeHead(200, { 'content-type': mediaType, 'content-length': size, 'docker-content-digest': digest })
  if (method === 'HEAD') return response.end()
  return Readable.from(open(), { objectMode: true }).pipe(response)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
const directory = await mkdtemp(join(base, 'nodeseed-bench-'))
try {
  addImage('huge', [addGenerated(Number(gigabytes) * 1e9, 0)])
  const layers = Array.from({ length: Number(count) }, (_, at) => addGenerated(200_000, at + 1))
  for (let at = 0; at < layers.length; at += 50) addImage(`small-${at / 50}`, layers.slice(at, at + 50))
  const small = [...contents.keys()].filter((name) => name.startsWith('small-'))
  for (const [title, tags] of [
    [`one blob of ${gigabytes} GB`, ['huge']],
    [`${count} blobs of 200 kB`, small],
  ] as const) {
    const out = join(directory, 'out.tar')
    const images = tags.flatMap((tag) => ['--image', `${host}/bench:${tag}`])
    const { seconds, rssMegabytes } = await measure(process.execPath, [PROGRAM, 'bundle', ...images, '-o', out])
    console.log(`${title}: ${seconds.toFixed(1)} s, at most ${rssMegabytes.toFixed(0)} MB resident`)
    await rm(out, { force: true })
  }
} finally {
  await rm(directory, { recursive: true, force: true })
  server.close()
  server.closeAllConnections()
}
