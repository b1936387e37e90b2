import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts'
import { ImageBuilder, pushIndex, skopeo } from '../support/images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const withRegistry = testWith(['docker-registry', 'umoci', 'skopeo', 'openssl'])

let directory: string
let registry: DockerRegistry
let app: Descriptor
let single: Descriptor
let docker: Descriptor

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  await mkdir(join(directory, 'registry'))
  registry = await startDockerRegistry(join(directory, 'registry'))
  const builder = await ImageBuilder.create(directory)
  const shared = await builder.layer('etc/shared', 'the same in every image')
  const large = await builder.layer('large', 200_000_000)
  for (const platform of ['linux/amd64', 'linux/386', 'linux/arm64']) {
    const own = await builder.layer('etc/platform', platform)
    await builder.image(platform.replace('/', '-'), [shared, own], { platform })
  }
  await builder.image('single', [shared, large])
  const children = []
  for (const architecture of ['amd64', '386', 'arm64']) {
    const child = await builder.push(`linux-${architecture}`, `${registry.host}/team/app:${architecture}`)
    children.push({ ...child, platform: { os: 'linux', architecture } })
  }
  app = await pushIndex(`${registry.host}/team/app:1`, children)
  single = await builder.push('single', `${registry.host}/team/single:1`)
  docker = await builder.push('linux-amd64', `${registry.host}/legacy:old`, { format: 'v2s2' })
})

afterAll(async () => {
  await registry?.stop()
  await rm(directory, { recursive: true, force: true })
})

withRegistry('a bundle holds what the registry has, under every name', async () => {
  const out = join(await temporaryDirectory(), 'out.tar')
  const manifests = join(await temporaryDirectory(), 'pods.yaml')
  const images = [
    `${registry.host}/team/app:1`,
    `${registry.host}/team/app@${app.digest}`,
    `${registry.host}/team/single:1@${single.digest}`,
    `${registry.host}/legacy:old`,
  ]
  const containers = images.map((image, at) => ({ name: `c${at}`, image, imagePullPolicy: 'IfNotPresent' }))
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'all' }, spec: { containers } }
  await writeFile(manifests, JSON.stringify(pod))

  const platforms = ['--platform', 'linux/amd64', '--platform', 'linux/386']
  const bundled = await runCli(['bundle', manifests, '--image', images[2]!, ...platforms, '-o', out])
  expect(bundled).toMatchObject({ exitCode: 0 })

  const verified = await runCli(['verify', out])
  expect(verified.stdout).toContain('every byte is as its digest says')
  expect(verified.exitCode).toBe(0)

  const expected: [name: string, target: Descriptor][] = [
    [`${registry.host}/team/app:1`, app],
    [`${registry.host}/team/app@${app.digest}`, app],
    [`${registry.host}/team/single:1`, single],
    [`${registry.host}/team/single@${single.digest}`, single],
    [`${registry.host}/legacy:old`, docker],
    [`${registry.host}/legacy@${docker.digest}`, docker],
  ]
  for (const [at, [name, { digest }]] of expected.entries()) {
    const source = `oci-archive:${out}:${name}`
    const raw = await skopeo(['inspect', '--raw', source])
    expect(digestOf(raw.stdout), name).toBe(digest)
    await skopeo(['copy', '--preserve-digests', source, `dir:${await temporaryDirectory()}`])
    await skopeo([
      'copy',
      '--preserve-digests',
      '--dest-tls-verify=false',
      source,
      `docker://${registry.host}/copy/${at}:1`,
    ])
  }
})
