import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let registry: MemoryRegistry
let out: string
let child: Descriptor
let target: Descriptor

/** An artifact with one blob, attached to a manifest. */
function addArtifact(tag: string | undefined, subject: Descriptor | undefined, text: string): Descriptor {
  const config = registry.addBlob('app', Buffer.from('{}'), 'application/vnd.oci.empty.v1+json')
  const layers = [registry.addBlob('app', Buffer.from(text), 'text/plain')]
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, ...(subject && { subject }) }
  return registry.addManifest('app', tag, manifest, OCI_MANIFEST)
}

async function bundleAndInspect(options: string[]) {
  const args = ['bundle', '--image', `${registry.host}/app:1`, '-o', out, ...options]
  expect(await runCli(args)).toMatchObject({ exitCode: 0 })
  expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
  const { blobs } = JSON.parse((await runCli(['inspect', out, '--json'])).stdout)
  return new Set(blobs.map(({ digest }: { digest: string }) => digest))
}

beforeEach(async () => {
  registry = await MemoryRegistry.start()
  out = join(await temporaryDirectory(), 'out.tar')
  child = registry.addImage('app', undefined, [Buffer.from('layer')])
  const attestation = addArtifact(undefined, undefined, 'provenance')
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': child.digest,
  }
  const unknown = { os: 'unknown', architecture: 'unknown' }
  target = registry.addIndex('app', '1', [
    { ...child, platform: { os: 'linux', architecture: 'amd64' } },
    { ...attestation, platform: unknown, annotations },
  ])
})

test('without --referrers an image comes alone, its index as it was', async () => {
  registry.addReferrers('app', target.digest, [addArtifact(undefined, target, 'signature')])
  const digests = await bundleAndInspect([])
  expect(digests).toContain(target.digest)
  for (const text of ['signature', 'provenance']) expect(digests).not.toContain(digestOf(text))
})

test('--attestations: those in the index, of the platforms taken, and nothing is asked for besides', async () => {
  registry.addReferrers('app', target.digest, [addArtifact(undefined, target, 'signature')])
  const arm = registry.addImage('app', undefined, [Buffer.from('arm')], {
    platform: { os: 'linux', architecture: 'arm64' },
  })
  const attestationOf = (image: Descriptor, text: string) => ({
    ...addArtifact(undefined, undefined, text),
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': image.digest,
    },
  })
  registry.addIndex('app', '1', [
    { ...child, platform: { os: 'linux', architecture: 'amd64' } },
    { ...arm, platform: { os: 'linux', architecture: 'arm64' } },
    attestationOf(child, 'how amd64 was built'),
    attestationOf(arm, 'how arm64 was built'),
  ])
  const digests = await bundleAndInspect(['--attestations'])
  expect(digests).toContain(digestOf('how amd64 was built'))
  for (const text of ['how arm64 was built', 'signature']) expect(digests).not.toContain(digestOf(text))
  expect(registry.requests.filter((request) => /referrers|\.sig|\.att|\.sbom/.test(request))).toEqual([])
})

test('referrers come along, and those of referrers, by the API', async () => {
  const sbom = addArtifact(undefined, child, 'sbom')
  const signature = addArtifact(undefined, sbom, 'signature of the sbom')
  registry.addReferrers('app', target.digest, [])
  registry.addReferrers('app', child.digest, [sbom])
  registry.addReferrers('app', sbom.digest, [signature])
  registry.addReferrers('app', signature.digest, [])
  const digests = await bundleAndInspect(['--referrers'])
  for (const text of ['sbom', 'signature of the sbom', 'provenance']) expect(digests).toContain(digestOf(text))
})

test('a registry without the API has them under a tag, and cosign under its own', async () => {
  const tag = (digest: string) => digest.replace(':', '-')
  registry.addIndex('app', tag(child.digest), [addArtifact(undefined, child, 'by fallback tag')])
  addArtifact(`${tag(target.digest)}.sig`, undefined, 'by cosign')
  const digests = await bundleAndInspect(['--referrers'])
  for (const text of ['by fallback tag', 'by cosign', 'provenance']) expect(digests).toContain(digestOf(text))
})

testWith(['containerd', 'ctr'], { root: true })('a runtime makes no image of what is attached', async () => {
  addArtifact(`${target.digest.replace(':', '-')}.sig`, undefined, 'by cosign')
  registry.addReferrers('app', child.digest, [addArtifact(undefined, child, 'sbom')])
  await bundleAndInspect(['--referrers', '--attestations'])
  const { ctr } = await startContainerd()
  await ctr('images', 'import', '--platform', 'linux/amd64', '--no-unpack', out)
  const names = [`${registry.host}/app:1`, `${registry.host}/app@${target.digest}`]
  const listed = (await ctr('images', 'list', '-q')).trim().split('\n')
  // The CRI plugin adds the image's own ID.
  expect(listed.filter((name) => !name.startsWith('sha256:')).sort()).toEqual(names)
})
