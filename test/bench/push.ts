// `nodeseed push` against `skopeo copy`, image after image out of the same bytes as an OCI layout, into docker-registry:
// 12 images, 61 blobs of which some are shared, 1.4 GB. Prints seconds, processor time and ratios; asserts nothing.
// Run: npm run build && node test/bench/push.ts
import { execFile } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { MemoryContent } from '../../src/server/registry/memory-content.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { prepareTools, tool, toolEnvironment } from '../support/debian.ts'
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts'
import { type Measurement, measure, median, processorSeconds } from './measure.ts'

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

const costs: Record<'skopeo' | 'push' | 'again', Cost[]> = { skopeo: [], push: [], again: [] }
for (let round = 0; round < ROUNDS; round++) {
  await withRegistry(`s${round}`, async (registry) => {
    costs.skopeo.push(await costOf(registry, () => skopeoAll(registry.host)))
  })
  await withRegistry(`p${round}`, async (registry) => {
    costs.push.push(await costOf(registry, () => push(registry.host)))
    costs.again.push(await costOf(registry, () => push(registry.host)))
  })
}
for (const [name, list] of Object.entries(costs)) {
  const [wall, client, registry] = (['wall', 'client', 'registry'] as const).map((part) =>
    median(list.map((cost) => cost[part])).toFixed(2),
  )
  const each = list.map((cost) => cost.wall.toFixed(2)).join(' ')
  console.log(`${name}: ${wall} s (${each}); processor time ${client} s, and ${registry} s of the registry`)
}
const medianWall = (list: readonly Cost[]) => median(list.map(({ wall }) => wall))
console.log(`skopeo / push: ${(medianWall(costs.skopeo) / medianWall(costs.push)).toFixed(2)}`)
console.log(`load average ${loadavg()[0]?.toFixed(2)}`)
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

async function withRegistry(name: string, work: (registry: DockerRegistry) => Promise<void>): Promise<void> {
  const storage = join(directory, name)
  await mkdir(storage)
  const registry = await startDockerRegistry(storage)
  try {
    await work(registry)
  } finally {
    await registry.stop()
    await rm(storage, { recursive: true })
  }
}

/** In seconds: wall time, and processor time on either side. */
interface Cost {
  readonly wall: number
  readonly client: number
  readonly registry: number
}

async function costOf({ pid }: DockerRegistry, work: () => Promise<Measurement[]>): Promise<Cost> {
  const before = processorSeconds(pid)
  const runs = await work()
  const sum = (part: 'seconds' | 'processorSeconds') => runs.reduce((total, run) => total + run[part], 0)
  return { wall: sum('seconds'), client: sum('processorSeconds'), registry: processorSeconds(pid) - before }
}

async function push(host: string): Promise<Measurement[]> {
  return [await measure(process.execPath, [PROGRAM, 'push', bundle, host])]
}

async function skopeoAll(host: string): Promise<Measurement[]> {
  const runs: Measurement[] = []
  for (const repository of content.repositories()) {
    const target = `docker://${host}/${repository.slice('docker.io/'.length)}:1`
    const source = `oci:${layout}:${repository}:1`
    const args = ['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false', source, target]
    runs.push(await measure(tool('skopeo'), args, { env: toolEnvironment() }))
  }
  return runs
}
