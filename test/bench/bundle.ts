// What `nodeseed bundle` costs beside curl and skopeo: node test/bench/bundle.ts [ROUNDS] [DIRECTORY]
// Needs `npm run build`, and docker-registry, skopeo and curl.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { prepareTools, tool, toolEnvironment } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { type BenchImage, pushBenchImages } from './images.ts'
import { compare, measure } from './measure.ts'
import { startSlowLink } from './slow-link.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

const [rounds = '5', base = tmpdir()] = process.argv.slice(2)

await prepareTools()
const directory = await mkdtemp(join(base, 'nodeseed-bench-'))
try {
  await mkdir(join(directory, 'registry'))
  const registry = await startDockerRegistry(join(directory, 'registry'))
  try {
    const images = await pushBenchImages(registry.host)
    const blobs = distinct(images)
    const megabytes = blobs.reduce((sum, { size }) => sum + size, 0) / 1e6
    const title = `${images.length} images, ${blobs.length} blobs, ${megabytes.toFixed(0)} MB`
    await compare(`${title} from a local registry`, contenders(registry.host, images, true), Number(rounds))
    const link = await startSlowLink(registry.host, { latency: 50, bytesPerSecond: 20e6 })
    try {
      const slow = `${title} over a link of 50 ms and 20 MB/s for each connection`
      await compare(slow, contenders(link.host, images, false), Math.ceil(Number(rounds) / 2))
    } finally {
      link.stop()
    }
  } finally {
    await registry.stop()
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}

function contenders(host: string, images: readonly BenchImage[], withCurl: boolean) {
  const out = join(directory, 'out')
  const prepare = async () => {
    await rm(out, { recursive: true, force: true })
    await mkdir(out)
  }
  const bundle = ['bundle', ...images.flatMap(({ repository }) => ['--image', `${host}/${repository}:1`])]
  const ours = {
    name: 'nodeseed bundle',
    prepare,
    run: () => measure(process.execPath, [PROGRAM, ...bundle, '-o', join(out, 'out.tar')]),
  }
  const curl = {
    name: 'xargs -P4 curl, nothing checked',
    prepare: async () => {
      await prepare()
      const lines = images.flatMap(({ repository, blobs }) =>
        blobs.map(({ digest }) => `http://${host}/v2/${repository}/blobs/${digest} -o ${out}/${digest.slice(7)}`),
      )
      const unique = new Map(lines.map((line) => [line.split('/').at(-1), line]))
      await writeFile(join(directory, 'urls'), `${[...unique.values()].join('\n')}\n`)
    },
    run: () => measure('sh', ['-c', `xargs -P4 -L1 curl -sS --fail < '${join(directory, 'urls')}'`]),
  }
  const copies = images.map(({ repository }, at) => {
    const target = `oci:${out}/layout:image-${at}`
    return `skopeo --insecure-policy copy -q --src-tls-verify=false docker://${host}/${repository}:1 ${target}`
  })
  const skopeo = {
    name: 'skopeo copy, image after image into one layout',
    prepare,
    run: () => measure('sh', ['-c', copies.join(' && ')], { env: toolEnvironment() }),
  }
  tool('skopeo')
  return withCurl ? [ours, curl, skopeo] : [ours, skopeo]
}

function distinct(images: readonly BenchImage[]): Descriptor[] {
  return [...new Map(images.flatMap(({ blobs }) => blobs).map((blob) => [blob.digest, blob])).values()]
}
