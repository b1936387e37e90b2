import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { startServing } from '../server/serving.ts'
import {
  type ArtifactParts,
  fillRepository,
  HELM_CHART,
  HELM_CONFIG,
  indexOver,
  makeArtifact,
} from '../support/artifact-maker.ts'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { type Blobs, makeImage, makeLayer } from '../support/image-maker.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MODEL = 'application/vnd.cncf.model.manifest.v1+json'
const COSIGN = 'application/vnd.dev.cosign.simplesigning.v1+json'

/** Kinds by their tags, as their makers push them, and what an inspection calls them. */
const KINDS: Record<string, ArtifactParts & { readonly kind: string }> = {
  chart: { configType: HELM_CONFIG, layers: [[HELM_CHART, 'a chart']], kind: `Helm chart (${HELM_CONFIG})` },
  flux: {
    configType: 'application/vnd.cncf.flux.config.v1+json',
    layers: [['application/vnd.cncf.flux.content.v1.tar+gzip', 'manifests']],
    kind: 'Flux artifact (application/vnd.cncf.flux.config.v1+json)',
  },
  model: { artifactType: MODEL, layers: [['application/x-gguf', 'weights']], kind: `model (${MODEL})` },
  wasm: {
    configType: 'application/vnd.wasm.config.v0+json',
    layers: [['application/wasm', 'program']],
    kind: 'WebAssembly component (application/vnd.wasm.config.v0+json)',
  },
  policy: {
    configType: 'application/vnd.cncf.kyverno.config.v1+json',
    layers: [['application/vnd.cncf.kyverno.policy.layer.v1+yaml', 'rule']],
    kind: 'policy (application/vnd.cncf.kyverno.config.v1+json)',
  },
  signature: { configType: OCI_CONFIG, layers: [[COSIGN, 'payload']], kind: `signature (${COSIGN})` },
  files: { layers: [['text/plain', 'a file']], kind: 'artifact (application/vnd.oci.empty.v1+json)' },
  binary: {
    configType: 'application/x-any',
    config: '\u0000not JSON',
    layers: [],
    kind: 'artifact (application/x-any)',
  },
}

let host: string
let file: string
const targets: Record<string, Descriptor> = {}

/** A registry with an image, each kind of artifact, an index of two and an index inside an index. */
async function startUpstream(): Promise<void> {
  const registry = await startDockerRegistry(await temporaryDirectory())
  onTestFinished(() => registry.stop())
  host = registry.host
  const blobs: Blobs = new Map()
  targets.image = makeImage(blobs, [await makeLayer(blobs, { 'etc/motd': 'hello' })]).manifest
  for (const [tag, parts] of Object.entries(KINDS)) targets[tag] = makeArtifact(blobs, parts)
  const two = [makeArtifact(blobs, { artifactType: MODEL, layers: [['text/plain', 'small']] }), targets.model!]
  targets.models = indexOver(blobs, [{ ...two[0]!, platform: { os: 'linux', architecture: 's390x' } }, two[1]!])
  targets.nested = indexOver(blobs, [
    targets.models,
    { ...targets.chart!, platform: { os: 'unknown', architecture: 'unknown' } },
  ])
  await fillRepository(host, 'shop/all', blobs, targets)
}

async function bundled(...options: string[]) {
  const images = Object.keys(targets).flatMap((tag) => ['--image', `${host}/shop/all:${tag}`])
  return runCli(['bundle', ...images, '--platform', 'linux/amd64', '-o', file, ...options])
}

async function digestAt(registry: string, tag: string): Promise<string | null> {
  const accept = targets[tag]!.mediaType
  const response = await fetch(`http://${registry}/v2/shop/all/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept },
  })
  return response.headers.get('docker-content-digest')
}

const withRegistry = testWith(['docker-registry'])

beforeEach(async () => {
  file = join(await temporaryDirectory(), 'all.tar')
})

withRegistry('artifacts of every kind are locked, bundled, verified and named beside an image', async () => {
  await startUpstream()
  const made = await bundled()
  expect(made, made.stderr).toMatchObject({ exitCode: 0 })
  expect(made.stdout).toContain('1 image and 10 artifacts')
  expect(made.stderr).not.toContain('is not made for')
  expect(await runCli(['verify', file])).toMatchObject({ exitCode: 0 })
  const [shown, wide] = [await runCli(['inspect', file]), await runCli(['inspect', file, '-o', 'wide'])]
  expect(shown.stdout).toMatch(/:chart.*Helm chart {2}/)
  for (const { kind } of Object.values(KINDS)) expect(wide.stdout).toContain(`  ${kind}  `)
  const { images } = JSON.parse((await runCli(['inspect', file, '--json'])).stdout)
  const nested = images.find(({ reference }: { reference: string }) => reference.endsWith(':nested'))
  const types = nested.artifacts.map(({ artifactType }: { artifactType: string }) => artifactType)
  expect(types.sort()).toEqual([HELM_CONFIG, MODEL, MODEL].sort())
})

testWith(['docker-registry', 'skopeo'])('they are pushed and served under the digests that they had', async () => {
  await startUpstream()
  expect((await bundled('--split', '100KiB')).exitCode).toBe(0)
  const other = await startDockerRegistry(await temporaryDirectory())
  onTestFinished(() => other.stop())
  const pushed = await runCli(['push', file, other.host])
  expect(pushed, pushed.stderr).toMatchObject({ exitCode: 0 })
  const { url } = await startServing([file])
  for (const [tag, { digest }] of Object.entries(targets)) {
    expect([tag, await digestAt(other.host, tag), await digestAt(new URL(url).host, tag)]).toEqual([
      tag,
      digest,
      digest,
    ])
  }
  const copy = await temporaryDirectory()
  const source = ['--src-tls-verify=false', `docker://${new URL(url).host}/shop/all:chart`]
  await runTool('skopeo', ['--insecure-policy', 'copy', ...source, `dir:${copy}`])
  expect(await readFile(join(copy, digestOf('a chart').slice(7)), 'utf8')).toBe('a chart')
})

withRegistry('a delta leaves their layers out, merge has them again, diff tells them by name', async () => {
  await startUpstream()
  const base = `${file}.base`
  const chart = ['bundle', '--image', `${host}/shop/all:chart`, '-o', base]
  expect((await runCli(chart)).exitCode).toBe(0)
  const delta = await bundled('--since', base, '--json')
  expect(JSON.parse(delta.stdout).requires.map(({ digest }: { digest: string }) => digest)).toContain(
    digestOf('a chart'),
  )
  const whole = `${file}.whole`
  expect(await runCli(['merge', base, file, '-o', whole])).toMatchObject({ exitCode: 0 })
  expect(await runCli(['verify', whole])).toMatchObject({ exitCode: 0 })
  const { added } = JSON.parse((await runCli(['diff', base, whole, '--json'])).stdout)
  expect(added.map(({ name }: { name: string }) => name)).toContain(`${host}/shop/all:model`)
})

withRegistry('a layout of them is an input like a bundle', async () => {
  await startUpstream()
  expect((await bundled()).exitCode).toBe(0)
  const again = `${file}.again`
  const from = Object.keys(targets).flatMap((tag) => ['--image', `${host}/shop/all:${tag}`])
  const made = await runCli(['bundle', ...from, '--platform', 'linux/amd64', '--from', file, '--offline', '-o', again])
  expect(made, made.stderr).toMatchObject({ exitCode: 0 })
  expect((await readFile(again)).equals(await readFile(file))).toBe(true)
})

test('an index for other platforms is no index of artifacts, and one that lists what is no manifest is refused', async () => {
  const registry = await MemoryRegistry.start()
  const arm = registry.addImage('app', undefined, [], { platform: { os: 'linux', architecture: 'arm64' } })
  const config = registry.addBlob('app', Buffer.from('{}'), HELM_CONFIG)
  const chart = registry.addManifest('app', 'chart', { schemaVersion: 2, config, layers: [] }, OCI_MANIFEST)
  registry.addIndex('app', 'mixed', [chart, { ...arm, platform: { os: 'linux', architecture: 'arm64' } }])
  registry.addIndex('app', 'odd', [chart, { ...config, mediaType: 'application/x-odd' }])
  const failure = async (tag: string) => {
    const args = ['bundle', '--image', `${registry.host}/app:${tag}`, '--platform', 'linux/amd64', '-o', file, '--json']
    const { exitCode, stdout } = await runCli(args)
    return [exitCode, JSON.parse(stdout).failures[0].code]
  }
  expect(await failure('mixed')).toEqual([3, 'PLATFORM_UNAVAILABLE'])
  expect(await failure('odd')).toEqual([3, 'UNSUPPORTED'])
})
