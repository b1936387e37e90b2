import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const CONFIG = '{"os":"linux","architecture":"amd64"}'

/** A registry with `a` and `b`, of which `broken` has a layer that is not to be had, and pods that want all, and one more. */
async function shop(more: string[] = []) {
  const [directory, registry] = [await temporaryDirectory(), await MemoryRegistry.start()]
  registry.addImage('shop/a', '1', [Buffer.from('layer a')])
  const broken = registry.addBlob('shop/broken', Buffer.from('a layer that is gone'))
  registry.addImage('shop/broken', '1', [Buffer.from('a layer that is gone')])
  registry.misbehave = (request, response) => {
    if (!request.url?.endsWith(broken.digest)) return false
    response.writeHead(404).end()
    return true
  }
  const image = (name: string) => `${registry.host}/shop/${name}:1`
  const pods = join(directory, 'pods.yaml')
  const pod = (name: string) =>
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
      spec: { containers: [{ name: 'c', image: image(name), imagePullPolicy: 'Never' }] },
    })
  await writeFile(pods, ['a', ...more].map(pod).join('\n---\n'))
  return { directory, registry, pods, image, out: join(directory, 'out.tar') }
}

test.for<[what: string, name: string, code: string]>([
  ['which no registry has', 'nowhere', 'MANIFEST_UNKNOWN'],
  ['of which a layer is gone', 'broken', 'BLOB_UNKNOWN'],
])('one image of many %s: named in the table, and by everybody who reads it', async ([, name, code]) => {
  const { directory, pods, image, out } = await shop([name])
  const strict = await runCli(['bundle', pods, '-o', out, '--retries', '0'])
  expect(strict).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('1 of 2 images cannot be had') })

  const made = await runCli(['bundle', pods, '-o', out, '--retries', '0', '--allow-missing', '--json'])
  expect(made.exitCode, made.stderr).toBe(4)
  const entry = { subject: image(name), message: expect.stringContaining(`[${code}]`) }
  expect(JSON.parse(made.stdout)).toMatchObject({
    images: [{ reference: image('a') }],
    omissions: [{ code: 'IMAGE_UNAVAILABLE', entries: [entry] }],
  })

  for (const command of ['inspect', 'verify']) {
    const read = await runCli([command, out, '--json'])
    expect(JSON.parse(read.stdout).omissions, command).toMatchObject([{ code: 'IMAGE_UNAVAILABLE', entries: [entry] }])
    expect((await runCli([command, out])).stderr).toContain(`left out: 1 image that could not be had: ${image(name)}`)
  }
  const nodes = ['--nodes', 'examples/audit/nodes.json']
  const seeded = await runCli([
    'seed',
    out,
    pods,
    ...nodes,
    '-o',
    join(directory, 'seed'),
    '--sandbox-image',
    'registry.k8s.io/pause:3.9',
  ])
  expect(seeded).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining(`${image(name)} was wanted and is not here`),
  })
  const audited = await runCli(['audit', pods, ...nodes, '--bundle', out, '--assume-seeded'])
  expect(audited.exitCode).toBe(4)
  expect(audited.stderr).toContain(`${image(name)} was wanted and is not here`)
})

test('a lock keeps what is missing, and a bundle of it asks again', async () => {
  const { directory, registry, pods, image, out } = await shop(['late'])
  const lock = join(directory, 'x.lock')
  const locked = await runCli(['lock', pods, '-o', lock, '--retries', '0', '--allow-missing'])
  expect(locked).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('left out: 1 image that could not be had'),
  })
  expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({
    images: [{ reference: image('a') }],
    missing: [{ reference: image('late') }],
  })
  expect(await runCli(['bundle', lock, '-o', out, '--retries', '0'])).toMatchObject({ exitCode: 3 })
  registry.addImage('shop/late', '1', [Buffer.from('late')])
  const whole = await runCli(['bundle', lock, '-o', out, '--retries', '0', '--json'])
  expect(whole.exitCode, whole.stderr).toBe(0)
  expect(JSON.parse(whole.stdout).images).toHaveLength(2)
})

test('with nothing that could be had there is no bundle', async () => {
  const { registry, out } = await shop()
  const none = await runCli([
    'bundle',
    '--image',
    `${registry.host}/shop/none:1`,
    '-o',
    out,
    '--retries',
    '0',
    '--allow-missing',
  ])
  expect(none).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('1 of 1 image cannot be had') })
})

test.for(['layer', 'config'] as const)(
  'an image with a sha512 digest (%s) is refused when it is locked, before a byte of it',
  async (where) => {
    const { registry, directory, image } = await shop()
    const config = registry.addBlob('shop/long', Buffer.from(CONFIG), OCI_CONFIG)
    const long = { ...config, digest: digestOf(CONFIG, 'sha512') }
    const layer = {
      ...registry.addBlob('shop/long', Buffer.from('layer')),
      ...(where === 'layer' && { digest: long.digest }),
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: where === 'config' ? long : config,
      layers: [layer],
    }
    registry.addManifest('shop/long', '1', manifest, OCI_MANIFEST)
    registry.misbehave = (request, response) => {
      if (!request.url?.includes('sha512')) return false
      response.writeHead(200, { 'content-length': config.size }).end(request.method === 'HEAD' ? undefined : CONFIG)
      return true
    }
    for (const command of ['lock', 'bundle']) {
      const refused = await runCli([
        command,
        '--image',
        image('long'),
        '-o',
        join(directory, command),
        '--retries',
        '0',
      ])
      expect(refused).toMatchObject({
        exitCode: 3,
        stderr: expect.stringMatching(/sha512:\S+ has a digest that is too long for a bundle/),
      })
    }
  },
)

test('an attachment whose bytes are gone costs only itself', async () => {
  const { registry, image, out } = await shop()
  const target = registry.addImage('shop/signed', '1', [Buffer.from('signed')])
  const gone = registry.addBlob(
    'shop/signed',
    Buffer.from('a signature that is gone'),
    'application/vnd.dev.cosign.simplesigning.v1+json',
  )
  const config = registry.addBlob('shop/signed', Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json')
  registry.addManifest(
    'shop/signed',
    `${target.digest.replace(':', '-')}.sig`,
    { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [gone] },
    OCI_MANIFEST,
  )
  registry.misbehave = (request, response) => {
    if (!request.url?.endsWith(gone.digest)) return false
    response.writeHead(404).end()
    return true
  }
  const made = await runCli([
    'bundle',
    '--image',
    image('signed'),
    '--referrers',
    '-o',
    out,
    '--retries',
    '0',
    '--json',
  ])
  expect(made.exitCode, made.stderr).toBe(0)
  expect(JSON.parse(made.stdout).omissions).toMatchObject([{ code: 'ATTACHMENT_LEFT_OUT', count: 1 }])
  expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
})
