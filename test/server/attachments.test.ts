import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startServer } from './running-server.ts'
import { startServing } from './serving.ts'
import { shopContent } from './shop-content.ts'

testWith(['docker-registry'])('what is attached to an image is served as its referrers, and pushed', async () => {
  const directory = await temporaryDirectory()
  const { content, manifest, signature, sbom } = shopContent()
  const upstream = await startServer(content)
  const file = join(directory, 'signed.tar')
  const args = ['--image', `${upstream}/shop:1.0`, '--referrers', '-o', file]
  const bundled = await runCli(['bundle', ...args])
  expect(bundled.exitCode, bundled.stderr).toBe(0)

  const { url } = await startServing([file])
  const referrers = await (await fetch(`${url}/v2/shop/referrers/${manifest.digest}`)).json()
  const digests = (referrers as { manifests: { digest: string }[] }).manifests.map(({ digest }) => digest)
  expect(digests.sort()).toEqual([signature.digest, sbom.digest].sort())

  const registry = await startDockerRegistry(directory)
  onTestFinished(() => registry.stop())
  expect((await runCli(['push', file, registry.host])).exitCode).toBe(0)
  for (const { digest, mediaType } of [manifest, signature, sbom]) {
    const response = await fetch(`http://${registry.host}/v2/shop/manifests/${digest}`, {
      headers: { accept: mediaType },
    })
    expect(response.status).toBe(200)
  }
  // This registry has no referrers API: the tag in place of it lists them, also when they are pushed again.
  const tag = `http://${registry.host}/v2/shop/manifests/${manifest.digest.replace(':', '-')}`
  expect((await runCli(['push', file, registry.host])).exitCode).toBe(0)
  const listed = await (await fetch(tag, { headers: { accept: 'application/vnd.oci.image.index.v1+json' } })).json()
  const entries = (listed as { manifests: { digest: string }[] }).manifests
  expect(entries.map(({ digest }) => digest).sort()).toEqual([signature.digest, sbom.digest].sort())
})
