import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { startServing } from '../server/serving.ts'
import { shopContent } from '../server/shop-content.ts'
import {
  type ArchiveFile,
  archiveOf,
  dockerFiles,
  imgpkgFiles,
  layoutFiles,
  zarfEntries,
} from '../support/archive-maker.ts'
import { runCli } from '../support/cli.ts'
import { type Blobs, lockImage, makeImage, makeLayer } from '../support/image-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { WritableRegistry } from '../support/writable-registry.ts'

const blobs: Blobs = new Map()
let images: LockedImage[] = []

beforeAll(async () => {
  const [base, own] = [await makeLayer(blobs, { base: 'base' }), await makeLayer(blobs, { own: 'own' })]
  const parts = [makeImage(blobs, [base, own]), makeImage(blobs, [base], { command: ['/b'] })]
  images = [
    lockImage('docker.io/library/app', 'local', parts[0]!.manifest, [parts[0]!]),
    lockImage('registry.example/shop/web', '1.4', parts[1]!.manifest, [parts[1]!]),
  ]
})

/** Kinds of archives that hold both images, and a chart with the one of zarf. */
const KINDS: Record<string, () => Promise<Buffer>> = {
  docker: () => archiveOf(dockerFiles(images, blobs)),
  imgpkg: () => archiveOf(imgpkgFiles(images, blobs)),
  zarf: async () => zstdCompressSync(await archiveOf(zarfFiles())),
}

function zarfFiles(): ArchiveFile[] {
  const chart = Buffer.from('a chart')
  const config = { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: digestOf(chart), size: chart.length }
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: [] }))
  const entry = {
    ...{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf(manifest), size: manifest.length },
    annotations: { 'org.opencontainers.image.base.name': 'registry.example/charts/web:1' },
  }
  const all: Blobs = new Map([...blobs, [digestOf(chart), chart], [digestOf(manifest), manifest]])
  return [[{ name: 'zarf.yaml' }, 'kind: x'], ...layoutFiles([...zarfEntries(images), entry], all, 'images/')]
}

async function archive(kind: string): Promise<{ directory: string; file: string }> {
  const directory = await temporaryDirectory()
  const file = join(directory, `images.${kind}`)
  await writeFile(file, await KINDS[kind]!())
  return { directory, file }
}

test.for(Object.keys(KINDS))(
  '%s: inspect shows it, verify hashes it, diff compares it, all say what it cannot promise',
  async (kind) => {
    const { file } = await archive(kind)
    const inspected = await runCli(['inspect', file, '--json'])
    expect(inspected.exitCode, inspected.stderr).toBe(0)
    const answer = JSON.parse(inspected.stdout)
    const chart = kind === 'zarf' ? ['registry.example/charts/web:1'] : []
    const references = answer.images.map((image: { reference: string }) => image.reference)
    expect(references.sort()).toEqual([...images.map(({ reference }) => reference), ...chart].sort())
    expect(answer.caveats).toHaveLength(1)
    expect(answer.omissions).toEqual([])

    const verified = await runCli(['verify', file])
    expect(verified).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`2 images${chart.length > 0 ? ' and 1 artifact' : ''}, `),
    })
    expect(verified.stdout).toContain('every byte is as its digest says\n  no bundle, so nothing says who made it')
    expect(verified.stderr).toContain(`${file}: a`)

    const same = await runCli(['diff', file, file])
    expect(same).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^0 B new, 0 B gone/) })
  },
)

test.for(Object.keys(KINDS))('%s: push brings every image there, audit knows them', async (kind) => {
  const { directory, file } = await archive(kind)
  const registry = await WritableRegistry.start()
  const pushed = await runCli(['push', file, registry.host, '--json'])
  expect(pushed.exitCode, pushed.stderr).toBe(0)
  expect(
    Object.assign({}, ...JSON.parse(pushed.stdout).images.map((image: { names: object }) => image.names)),
  ).toMatchObject({
    'docker.io/library/app:local': `${registry.host}/library/app:local`,
    'registry.example/shop/web:1.4': `${registry.host}/shop/web:1.4`,
  })
  const pod = (name: string, image: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { containers: [{ name, image, imagePullPolicy: 'Never' }] },
    })
  const manifest = join(directory, 'pods.yaml')
  await writeFile(
    manifest,
    [pod('app', 'app:local'), pod('web', 'registry.example/shop/web:1.4'), pod('other', 'other:1')].join('\n---\n'),
  )
  const audited = await runCli([
    'audit',
    manifest,
    '--nodes',
    'examples/audit/nodes.json',
    '--bundle',
    file,
    '--assume-seeded',
    '--json',
  ])
  const verdicts = JSON.parse(audited.stdout).workloads.map((one: { name: string; verdict: string }) => [
    one.name,
    one.verdict,
  ])
  expect(Object.fromEntries(verdicts)).toMatchObject({
    app: 'atRisk',
    web: 'atRisk',
    other: 'impossible',
  })
})

test.for(Object.keys(KINDS))('%s: serve answers with every image of it', async (kind) => {
  const { file } = await archive(kind)
  const server = await startServing([file])
  for (const path of ['docker.io/library/app/manifests/local', 'registry.example/shop/web/manifests/1.4']) {
    const answer = await fetch(`${server.url}/v2/${path}`)
    expect(answer.status, path).toBe(200)
    const { layers } = (await answer.json()) as { layers: { digest: string }[] }
    const layer = await fetch(`${server.url}/v2/${path.replace(/manifests.*/, 'blobs')}/${layers[0]!.digest}`)
    expect(digestOf(Buffer.from(await layer.arrayBuffer()))).toBe(layers[0]!.digest)
  }
})

test.for(Object.keys(KINDS))(
  '%s: merge puts its images beside those of a bundle, under their digests',
  async (kind) => {
    const { directory, file } = await archive(kind)
    const [own, out] = [join(directory, 'own.tar'), join(directory, 'all.tar')]
    await writeBundleOf(shopContent().content, own)
    const merged = await runCli(['merge', own, file, '-o', out, '--set-name', 'shop', '--number', '2', '--json'])
    expect(merged.exitCode, merged.stderr).toBe(0)
    expect(JSON.parse(merged.stdout).omissions).toEqual([])
    const digestsIn = async (path: string): Promise<Map<string, string>> => {
      const { images } = JSON.parse((await runCli(['inspect', path, '--json'])).stdout)
      return new Map(images.map((image: { reference: string; digest: string }) => [image.reference, image.digest]))
    }
    expect(await digestsIn(out)).toEqual(new Map([...(await digestsIn(own)), ...(await digestsIn(file))]))
    expect((await runCli(['verify', out])).exitCode).toBe(0)

    const signed = await runCli(['merge', own, file, '-o', join(directory, 'x.tar'), '--key', 'x.pub'])
    expect(signed.exitCode).toBe(2)
  },
)

test('a damaged layer keeps load from loading anything, and nothing is left of what was joined', async () => {
  const { directory, file } = await archive('imgpkg')
  const bytes = await readFile(file)
  bytes[bytes.lastIndexOf(blobs.get(images[1]!.platforms[0]!.layers[0]!.digest)!) + 20]! ^= 1
  await writeFile(file, bytes)
  const docker = join(directory, 'docker')
  await writeFile(docker, `#!/bin/sh\necho "$@" >>'${docker}.log'\n`, { mode: 0o755 })
  const place = await temporaryDirectory()
  const load = ['load', file, '--method', 'docker', '--ctr', docker]
  const loaded = await runCli(load, { env: { TMPDIR: place } })
  expect(loaded).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('Nothing was loaded') })
  expect(loaded.stderr).not.toContain('kept')
  expect(await readdir(place)).toEqual([])
  await expect(readFile(`${docker}.log`)).rejects.toThrow('ENOENT')
})

test('a byte that is wrong in an archive is found by verify, and a key is refused', async () => {
  const { directory } = await archive('docker')
  const file = join(directory, 'bad.tar')
  await writeFile(
    file,
    await archiveOf(
      dockerFiles(images, blobs).map(([header, content]) => [
        header,
        header.name.endsWith('layer.tar') && content.length > 0 ? Buffer.alloc(content.length, 1) : content,
      ]),
    ),
  )
  const verified = await runCli(['verify', file])
  expect(verified).toMatchObject({
    exitCode: 4,
    stdout: expect.stringMatching(/blob sha256:.* is damaged: it hashes to .*layer/),
  })
  expect(await runCli(['verify', file, '--key', file])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('not a bundle'),
  })
})
