import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const ARM64 = { os: 'linux', architecture: 'arm64' }

/** A registry with an image for two platforms, one in an index of its own, attested; and its bundle for one platform. */
async function sparseBundle() {
  const [directory, from] = [await temporaryDirectory(), await MemoryRegistry.start()]
  const of = (platform: typeof AMD64) => ({
    ...from.addImage('shop/web', undefined, [randomBytes(400_000)], { platform }),
    platform,
  })
  const inner = from.addIndex('shop/web', 'inner', [of(ARM64), of({ os: 'linux', architecture: 's390x' })])
  const attestation = {
    ...of({ os: 'unknown', architecture: 'unknown' }),
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  }
  const target = from.addIndex('shop/web', '1', [of(AMD64), inner, attestation])
  from.addImage('shop/whole', '1', [randomBytes(1000)])
  const file = join(directory, 'shop.tar')
  const images = ['web', 'whole'].flatMap((name) => ['--image', `${from.host}/shop/${name}:1`])
  const made = await runCli(['bundle', ...images, '--platform', 'linux/amd64', '-o', file])
  expect(made.exitCode, made.stderr).toBe(0)
  const to = await startDockerRegistry(directory)
  onTestFinished(() => to.stop())
  return { from, to, file, directory, target, inner }
}

const withRegistry = testWith(['docker-registry', 'skopeo'])

withRegistry(
  '--sparse-index fill fetches what the index lists, and a registry that checks it takes the whole',
  async () => {
    const { to, file, directory, target, inner } = await sparseBundle()
    const pushed = await runCli(['push', file, to.host, '--sparse-index', 'fill', '--json'])
    expect(pushed.exitCode, pushed.stderr).toBe(0)
    const [web] = JSON.parse(pushed.stdout).images
    expect(web.digest).toBe(target.digest)
    // skopeo copies no index inside of an index.
    const name = `docker://${to.host}/shop/web@${inner.digest}`
    const copy = ['copy', '--all', '--src-tls-verify=false', name, `oci:${directory}/copy`]
    await runTool('skopeo', ['--insecure-policy', ...copy])
  },
)

withRegistry('where what is missing cannot be had, the image is named, and the others are pushed', async () => {
  const { from, to, file } = await sparseBundle()
  from.misbehave = (request, response) => request.url?.includes('shop/web') && response.writeHead(404).end()
  const pushed = await runCli(['push', file, to.host, '--sparse-index', 'fill', '--retries', '0'])
  expect(pushed.exitCode).toBe(3)
  expect(pushed.stderr).toContain('1 of 2 images cannot be pushed')
  expect(pushed.stderr).toContain('its index cannot be filled')
  expect(pushed.stderr).toContain('or push with --sparse-index reduce or original')
  const list = await fetch(`http://${to.host}/v2/_catalog`)
  expect(await list.json()).toEqual({ repositories: ['shop/whole'] })
})
