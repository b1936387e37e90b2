import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { findOnPath } from '../support/on-path.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Writes what the registry has of these images to a file or directory; `to` is a path without an end. */
type Save = (program: string, host: string, to: string) => Promise<string>

const run = promisify(execFile)
const [WEB, AGENT] = ['shop/web:1.4', 'edge/agent:3.1']

/** The tools that Debian has not, how each saves images, and whether the digests of the registry survive. */
const SAVES: [tool: string, what: string, save: Save, keepsDigests: boolean][] = [
  [
    'hauler',
    'a haul',
    async (hauler, host, to) => {
      for (const image of [WEB, AGENT])
        await run(hauler, ['store', 'add', 'image', `${host}/${image}`, '-s', `${to}-store`])
      await run(hauler, ['store', 'save', '-s', `${to}-store`, '-f', `${to}.tar.zst`])
      return `${to}.tar.zst`
    },
    true,
  ],
  [
    'imgpkg',
    'copy --to-tar',
    async (imgpkg, host, to) => {
      await run(imgpkg, ['copy', '-i', `${host}/${WEB}`, '--to-tar', `${to}.tar`, '--registry-insecure'])
      return `${to}.tar`
    },
    true,
  ],
  [
    'oras',
    'copy --to-oci-layout-path',
    async (oras, host, to) => {
      const layout = ['--to-oci-layout-path', to, `${host}/${WEB}`]
      await run(oras, ['copy', '--from-plain-http', `${host}/${WEB}`, ...layout])
      return to
    },
    true,
  ],
  [
    'crane',
    'pull',
    async (crane, host, to) => {
      const images = [WEB, AGENT].map((image) => `${host}/${image}`)
      await run(crane, ['pull', '--insecure', '--platform', 'linux/amd64', ...images, `${to}.tar`])
      return `${to}.tar`
    },
    false,
  ],
]

/** Where a tool is: in NODESEED_TOOLS or on PATH. */
function find(tool: string): string | undefined {
  const chosen = (process.env.NODESEED_TOOLS ?? '').split(delimiter).filter(Boolean)
  return chosen.map((directory) => join(directory, tool)).find(existsSync) ?? findOnPath(tool)
}

/** A registry with the demo's images, each for two platforms, and the digest of one. */
async function startShop(directory: string): Promise<{ host: string; digest: string }> {
  const bundle = join(directory, 'demo.tar')
  const { images } = await writeBundleOf(await demoContent(), bundle)
  const registry = await startDockerRegistry(directory)
  onTestFinished(() => registry.stop())
  expect(await runCli(['push', bundle, registry.host])).toMatchObject({ exitCode: 0 })
  const web = images.find(({ reference }) => reference.endsWith(`/${WEB}`))
  return { host: registry.host, digest: web?.target.digest ?? '' }
}

for (const [name, what, save, keepsDigests] of SAVES) {
  const program = find(name)
  if (!program) process.stderr.write(`not run: what ${name} saves, which needs ${name} in NODESEED_TOOLS or on PATH\n`)
  const title = `${name}: ${what}${program ? ' is read, bundled and verified, under the digests that it keeps' : ' (did not run)'}`
  const testIt = program ? testWith(['docker-registry']) : test.skip
  testIt(title, async () => {
    const directory = await temporaryDirectory()
    const { host, digest } = await startShop(directory)
    const file = await save(program ?? '', host, join(directory, 'saved'))
    const inspected = await runCli(['inspect', file, '--json'])
    expect(inspected.exitCode, inspected.stderr).toBe(0)
    const { images } = JSON.parse(inspected.stdout) as { images: { reference: string; digest: string }[] }
    const found = images.find(({ reference }) => reference === `${host}/${WEB}`)
    expect(found?.digest === digest, inspected.stdout).toBe(keepsDigests)
    const out = join(directory, 'out.tar')
    expect(await runCli(['bundle', '--from', file, '--offline', '-o', out])).toMatchObject({ exitCode: 0 })
    expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
  })
}
