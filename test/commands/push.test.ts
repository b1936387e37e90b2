import { readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { demoContent } from '../../src/demo/images.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { copyWithSkopeo } from '../support/skopeo.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startTokenServer } from '../support/token-server.ts'
import { startUploadServer } from '../support/upload-server.ts'

async function startRegistry(directory: string): Promise<string> {
  const registry = await startDockerRegistry(directory)
  onTestFinished(() => registry.stop())
  return registry.host
}

async function demoBundle(architecture?: string): Promise<{ directory: string; file: string; lock: Lock }> {
  const directory = await temporaryDirectory()
  const file = join(directory, 'demo.tar')
  return { directory, file, lock: await writeBundleOf(await demoContent(), file, architecture ? { architecture } : {}) }
}

async function digestIn(registry: string, name: string): Promise<string> {
  const args = ['inspect', '--no-tags', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${registry}/${name}`]
  return (await runTool('skopeo', args)).stdout.trim()
}

const withRegistry = testWith(['docker-registry', 'skopeo'])

withRegistry('every image is there under its digest, and a second push sends nothing', async () => {
  const { directory, file, lock } = await demoBundle()
  const registry = await startRegistry(directory)
  const first = await runCli(['push', file, registry, '--json'])
  expect(first.exitCode).toBe(0)
  // Each blob is sent once; the layer that all images share is mounted everywhere else.
  const distinct = new Set(
    lock.images.flatMap(({ platforms }) =>
      platforms.flatMap(({ config, layers }) => [config, ...layers].map(({ digest }) => digest)),
    ),
  )
  expect(JSON.parse(first.stdout).blobs).toEqual({ uploaded: distinct.size, mounted: 4, there: 0 })
  for (const { reference, target } of lock.images) {
    const path = reference.slice(reference.indexOf('/') + 1)
    expect(await digestIn(registry, path)).toBe(target.digest)
    await copyWithSkopeo(`${registry}/${path}`, join(directory, 'copy'))
  }
  const second = await runCli(['push', file, registry, '--json'])
  expect(JSON.parse(second.stdout).blobs).toEqual({ uploaded: 0, mounted: 0, there: distinct.size + 4 })
})

withRegistry('--rewrite keeps the upstream in the path, and --image-map says what became what', async () => {
  const { directory, file, lock } = await demoBundle()
  const registry = await startRegistry(directory)
  const map = join(directory, 'map.json')
  const { exitCode } = await runCli(['push', file, registry, '--rewrite', 'mirror', '--image-map', map])
  expect(exitCode).toBe(0)
  const written = JSON.parse(await readFile(map, 'utf8'))
  const web = lock.images.find(({ reference }) => reference.includes('/web:'))
  const [tagged = '', pinned = ''] = web?.names ?? []
  expect(written[tagged]).toBe(`${registry}/mirror/registry.example.com/shop/web:1.4`)
  expect(written[pinned]).toBe(`${registry}/mirror/registry.example.com/shop/web@${web?.target.digest}`)
  expect(await digestIn(registry, 'mirror/registry.example.com/shop/web:1.4')).toBe(web?.target.digest)
})

withRegistry('a registry that refuses a sparse index: said clearly, or a smaller one', async () => {
  const { directory, file, lock } = await demoBundle('amd64')
  const registry = await startRegistry(directory)
  const refused = await runCli(['push', file, registry])
  expect(refused.exitCode).toBe(3)
  expect(refused.stderr).toMatch(/^error: [1-9] of \d images cannot be pushed\n {2}.+: the registry refuses/m)
  expect(refused.stderr).toContain('refuses its index, which lists what the bundle leaves out (linux/arm64)')
  expect(refused.stderr).toContain('--sparse-index reduce')
  expect(refused.stderr).toContain(
    'keep an index that also lists what is left out (linux/arm64): a registry that checks',
  )
  const strict = await runCli(['push', file, registry, '--sparse-index', 'fail'])
  expect(strict.exitCode).toBe(3)
  expect(strict.stderr).toContain('images have a sparse index; nothing was sent')
  const reduced = await runCli(['push', file, registry, '--sparse-index', 'reduce', '--json'])
  expect(reduced.exitCode).toBe(0)
  const web = JSON.parse(reduced.stdout).images.find(({ reference }: { reference: string }) =>
    reference.includes('/web:'),
  )
  expect(web.digest).not.toBe(lock.images.find(({ reference }) => reference === web.reference)?.target.digest)
  expect(await digestIn(registry, 'shop/web:1.4')).toBe(web.digest)
})

async function bigBundle(directory: string): Promise<{ file: string; lock: Lock; layer: Descriptor }> {
  const content = await demoContent([])
  const layer = content.addBlob(OCI_LAYER_GZIP, Buffer.alloc(6 * 1024 * 1024, 'not very random'))
  const config = content.addBlob(OCI_CONFIG, Buffer.from('{"architecture":"amd64","os":"linux"}'))
  const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }
  content.addManifest('docker.io/team/big', image, '1')
  const file = join(directory, 'big.tar')
  return { file, lock: await writeBundleOf(content, file), layer }
}

withRegistry('an upload that breaks is tried again, with a registry that forgets it', async () => {
  const directory = await temporaryDirectory()
  const { file, lock } = await bigBundle(directory)
  const proxy = await startCuttingProxy(await startRegistry(directory), 4 * 1024 * 1024)
  const { exitCode, stderr } = await runCli(['push', file, proxy])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(await digestIn(proxy, 'team/big:1')).toBe(lock.images[0]?.target.digest)
})

test('an upload that breaks goes on where it broke, with a registry that says where', async () => {
  const { file, layer } = await bigBundle(await temporaryDirectory())
  const registry = await startUploadServer({ cutAfter: 4 * 1024 * 1024 })
  const { exitCode, stderr } = await runCli(['push', file, registry.host])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const [first, second, ...more] = registry.uploads.filter(({ digest }) => digest === layer.digest)
  expect([first?.start, more]).toEqual([0, []])
  expect(second?.start).toBe(first?.received)
  expect(digestOf(registry.blobs.get(layer.digest) ?? '')).toBe(layer.digest)
})

withRegistry('two upstreams that would meet are refused', async () => {
  const directory = await temporaryDirectory()
  const architectures = ['amd64'] as const
  const content = await demoContent([
    { repository: 'docker.io/team/web', tag: '1', architectures },
    { repository: 'quay.io/team/web', tag: '1', architectures },
  ])
  const file = join(directory, 'both.tar')
  await writeBundleOf(content, file)
  const { exitCode, stderr } = await runCli(['push', file, '127.0.0.1:1'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('--rewrite PREFIX')
})

withRegistry('credentials of docker login are used', async () => {
  const { directory, file, lock } = await demoBundle()
  const htpasswd = join(directory, 'htpasswd')
  // As `htpasswd -B` writes it.
  await writeFile(htpasswd, 'robot$ci:$2y$04$jpwLX9.OpzkZsOrMGCqdzuCXLsWfnrkDm6IdmzN6wFsW5pHGAzgkO\n')
  const registry = await startDockerRegistry(directory, { htpasswd })
  onTestFinished(() => registry.stop())
  const auth = Buffer.from('robot$ci:with:colon').toString('base64')
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  const anonymous = await runCli(['push', file, registry.host], { env: { DOCKER_CONFIG: join(directory, 'none') } })
  expect(anonymous.exitCode).toBe(3)
  const { exitCode, stdout } = await runCli(['push', file, registry.host], { env: { DOCKER_CONFIG: directory } })
  expect(exitCode).toBe(0)
  expect(stdout).toContain(lock.images[0]?.reference.split('/').slice(1).join('/'))
})

testWith(['docker-registry', 'skopeo', 'openssl'])('a token server is asked for the right to push', async () => {
  const { directory, file } = await demoBundle()
  const user = { username: 'robot', password: 'secret' }
  const tokens = await startTokenServer(directory, user)
  onTestFinished(() => tokens.stop())
  const registry = await startDockerRegistry(directory, { token: tokens })
  onTestFinished(() => registry.stop())
  const auth = Buffer.from('robot:secret').toString('base64')
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  const push = () => runCli(['push', file, registry.host, '--json'], { env: { DOCKER_CONFIG: directory } })
  const first = await push()
  expect(first.exitCode, first.stdout).toBe(0)
  const scopes = tokens.requests.map((request) => request.scopes.join(' '))
  expect(scopes).toContain('repository:shop/web:pull,push')
  // Each blob is sent once; for a mount the token opens the repository that has it, too.
  expect(JSON.parse(first.stdout).blobs).toMatchObject({ mounted: 4, there: 0 })
  expect(scopes.filter((text) => / repository:\S+:pull$/.test(text))).toHaveLength(4)
  expect(JSON.parse((await push()).stdout).blobs).toMatchObject({ uploaded: 0, mounted: 0 })
})

/** Passes bytes on to a registry, and cuts the first connection that has brought more than `limit` bytes. */
async function startCuttingProxy(target: string, limit: number): Promise<string> {
  let hasCut = false
  const [host = '', port = ''] = target.split(':')
  const server = createServer((client) => {
    const upstream = connect(Number(port), host)
    let bytes = 0
    client.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes > limit && !hasCut) {
        hasCut = true
        // What has arrived goes on to the registry first, as on a link that breaks behind it.
        upstream.end(chunk, () => client.destroy())
      } else upstream.write(chunk)
    })
    upstream.pipe(client)
    for (const socket of [client, upstream])
      socket.on('error', () => {}).on('close', () => [client, upstream].map((one) => one.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}

withRegistry('where attestations are what a registry misses, the hint names them', async () => {
  const directory = await temporaryDirectory()
  const content = await demoContent([])
  const config = content.addBlob(OCI_CONFIG, Buffer.from('{"architecture":"amd64","os":"linux"}'))
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] }
  const image = content.addManifest('docker.io/team/app', document)
  const attestation = content.addManifest('docker.io/team/app', { ...document, annotations: { of: 'it' } })
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' }
  const manifests = [
    { ...image, platform: { os: 'linux', architecture: 'amd64' } },
    { ...attestation, platform: { os: 'unknown', architecture: 'unknown' }, annotations },
  ]
  content.addManifest('docker.io/team/app', { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, '1')
  const file = join(directory, 'attested.tar')
  await writeBundleOf(content, file, { architecture: 'amd64' })
  const { exitCode, stderr } = await runCli(['push', file, await startRegistry(directory)])
  expect(exitCode).toBe(3)
  expect(stderr).toContain('Bundle the attestations (--attestations) too')
})
