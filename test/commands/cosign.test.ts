import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { startServing } from '../server/serving.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { findProgram } from '../support/named-tools.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const run = promisify(execFile)
const cosign = findProgram('cosign')
if (!cosign) process.stderr.write('not run: signatures of a real cosign, which needs cosign 3 in NODESEED_TOOLS\n')
const testIt = cosign ? testWith(['docker-registry']) : test.skip
const BOTH = ['--platform', 'linux/amd64', '--platform', 'linux/arm64']
const env = { ...process.env, COSIGN_PASSWORD: '' }
const NO_LOG = {
  bundle: ['--signing-config'],
  legacy: ['--use-signing-config=false', '--tlog-upload=false', '--new-bundle-format=false'],
}

testIt(
  `cosign signs, and finds its signatures again where a bundle is served or pushed${cosign ? '' : ' (did not run)'}`,
  async () => {
    const directory = await temporaryDirectory()
    const at = (name: string) => join(directory, name)
    const { images } = await writeBundleOf(await demoContent(), at('demo.tar'))
    const registry = await startDockerRegistry(directory)
    onTestFinished(() => registry.stop())
    expect(await runCli(['push', at('demo.tar'), registry.host])).toMatchObject({ exitCode: 0 })
    await run(cosign ?? '', ['generate-key-pair', '--output-key-prefix', at('key')], { env })
    await writeFile(at('signing.json'), '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}')
    const [web, agent] = images.map(({ names }) => names[0]?.replace(/^[^/]+/, registry.host) ?? '')
    const sign = (...more: string[]) => run(cosign ?? '', ['sign', '--key', at('key.key'), '--yes', ...more], { env })
    await sign(...NO_LOG.bundle, at('signing.json'), web ?? '')
    await sign(...NO_LOG.legacy, agent ?? '')

    const data = await readFile(at('key.pub'), 'utf8')
    const kind = { apiVersion: 'policy.sigstore.dev/v1beta1', kind: 'ClusterImagePolicy', metadata: { name: 'all' } }
    const spec = { images: [{ glob: '**' }], authorities: [{ key: { data } }] }
    await writeFile(at('policy.yaml'), JSON.stringify({ ...kind, spec }))
    const args = ['--image', web ?? '', '--image', agent ?? '', ...BOTH, '--verify', at('policy.yaml')]
    expect(await runCli(['bundle', ...args, '-o', at('signed.tar')])).toMatchObject({ exitCode: 0 })

    const verify = (host: string, image: string | undefined, ...more: string[]) => {
      const name = image?.replace(registry.host, host) ?? ''
      return run(cosign ?? '', ['verify', '--key', at('key.pub'), '--insecure-ignore-tlog', ...more, name], { env })
    }
    const other = await startDockerRegistry(await temporaryDirectory())
    onTestFinished(() => other.stop())
    expect(await runCli(['push', at('signed.tar'), other.host])).toMatchObject({ exitCode: 0 })
    const server = await startServing([at('signed.tar')])
    for (const host of [other.host, new URL(server.url).host]) {
      expect((await verify(host, web)).stdout).toContain('docker-manifest-digest')
      expect((await verify(host, agent, '--new-bundle-format=false')).stdout).toContain('docker-manifest-digest')
    }
  },
)
