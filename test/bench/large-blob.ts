// How long one large blob takes over a link that slows every connection: node test/bench/large-blob.ts [MEGABYTES] [ROUNDS]
// Needs `npm run build`, and docker-registry, skopeo and umoci.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepareTools, toolEnvironment } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { ImageBuilder } from '../support/images.ts'
import { compare, measure } from './measure.ts'
import { startSlowLink } from './slow-link.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

const [megabytes = '2000', rounds = '3'] = process.argv.slice(2)

await prepareTools()
const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
const [registryDirectory, out] = [join(directory, 'registry'), join(directory, 'out')]
try {
  await mkdir(registryDirectory)
  const registry = await startDockerRegistry(registryDirectory)
  const builder = await ImageBuilder.create(directory)
  await builder.image('large', [await builder.layer('content', Number(megabytes) * 1e6)])
  await builder.push('large', `${registry.host}/large:1`)
  const link = await startSlowLink(registry.host, { latency: 50, bytesPerSecond: 20e6 })
  const prepare = async () => {
    await rm(out, { recursive: true, force: true })
    await mkdir(out)
  }
  const bundle = (...flags: string[]) => ({
    name: ['nodeseed bundle', ...flags].join(' '),
    prepare,
    run: () =>
      measure(process.execPath, [
        ...[PROGRAM, 'bundle', '--image', `${link.host}/large:1`, '-o', join(out, 'large.tar')],
        ...flags,
      ]),
  })
  const skopeo = {
    name: 'skopeo copy',
    prepare,
    run: () => {
      const from = `docker://${link.host}/large:1`
      const copy = `skopeo --insecure-policy copy -q --src-tls-verify=false ${from} oci:${out}/layout:large`
      return measure('sh', ['-c', copy], { env: toolEnvironment() })
    },
  }
  try {
    const title = `one blob of ${megabytes} MB over a link of 50 ms and 20 MB/s for each connection`
    await compare(title, [bundle(), bundle('--max-connections', '1'), skopeo], Number(rounds))
  } finally {
    link.stop()
    await registry.stop()
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
