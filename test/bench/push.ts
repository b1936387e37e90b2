// `nodeseed push` against `skopeo copy`, image after image out of the same bytes as an OCI layout, into docker-registry:
// 12 images, 61 blobs of which some are shared, 1.4 GB. Prints seconds and the ratio; asserts nothing.
// Run: npm run build && node test/bench/push.ts
import { execFile } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { MemoryContent } from '../../src/server/memory-content.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { prepareTools, runTool } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const ROUNDS = 3
const MB = 1_000_000

await prepareTools()
const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
const bundle = join(directory, 'bundle.tar')
const layout = join(directory, 'layout')
const content = makeImages()
await writeBundleOf(content, bundle)
await mkdir(layout)
await run('tar', ['-xf', bundle, '-C', layout])

const seconds: Record<string, number[]> = { skopeo: [], push: [], again: [] }
for (let round = 0; round < ROUNDS; round++) {
  seconds.skopeo?.push(await withRegistry(`s${round}`, (host) => timeOf(() => skopeoAll(host))))
  await withRegistry(`p${round}`, async (host) => {
    seconds.push?.push(await timeOf(() => run(process.execPath, [PROGRAM, 'push', bundle, host])))
    seconds.again?.push(await timeOf(() => run(process.execPath, [PROGRAM, 'push', bundle, host])))
  })
}
for (const [name, list] of Object.entries(seconds)) {
  console.log(`${name}: ${median(list).toFixed(2)} s (${list.map((s) => s.toFixed(2)).join(' ')})`)
}
console.log(`skopeo / push: ${(median(seconds.skopeo) / median(seconds.push)).toFixed(2)}`)
await rm(directory, { recursive: true })

/** Two base layers that all share, four layers of its own for each image. */
function makeImages(): MemoryContent {
  const memory = new MemoryContent()
  const layerOf = (size: number) => memory.addBlob(OCI_LAYER_GZIP, randomFillSync(Buffer.alloc(size)))
  const base = [layerOf(30 * MB), layerOf(5 * MB)]
  for (let index = 0; index < 12; index++) {
    const own = [60, 40, 12, 1].map((size) => layerOf(size * MB + index))
    const config = memory.addBlob(OCI_CONFIG, Buffer.from(`{"architecture":"amd64","os":"linux","n":${index}}`))
    const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [...base, ...own] }
    memory.addManifest(`docker.io/bench/image-${index}`, image, '1')
  }
  return memory
}

async function withRegistry<T>(name: string, work: (host: string) => Promise<T>): Promise<T> {
  const storage = join(directory, name)
  await mkdir(storage)
  const registry = await startDockerRegistry(storage)
  try {
    return await work(registry.host)
  } finally {
    await registry.stop()
    await rm(storage, { recursive: true })
  }
}

async function skopeoAll(host: string): Promise<void> {
  for (const repository of content.repositories()) {
    const target = `docker://${host}/${repository.slice('docker.io/'.length)}:1`
    const source = `oci:${layout}:${repository}:1`
    await runTool('skopeo', ['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false', source, target])
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

function median(values: readonly number[] = []): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
