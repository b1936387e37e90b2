import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { demoContent } from '../src/demo/images.ts'
import { writeBundleOf } from './server/bundle-of.ts'
import { testWith } from './support/debian.ts'
import { startDockerRegistry } from './support/docker-registry.ts'
import { findOnPath } from './support/on-path.ts'
import { temporaryDirectory } from './support/temporary.ts'

const run = promisify(execFile)

/** Commands of the README for programs that Debian does not have: a line each, run where the program is on PATH. */
const readme = await readFile('README.md', 'utf8')
const commands = [...readme.matchAll(/^\$ ((?:oras|crane) .*)$/gm)].map(([, command = '']) => command)

test('the README shows other programs that read a bundle', () => {
  expect(commands.map((command) => command.split(' ')[0])).toEqual(['oras', 'crane'])
})

for (const command of commands) {
  const [program = ''] = command.split(' ')
  const isHere = findOnPath(program) !== undefined
  if (!isHere) process.stderr.write(`skipped: "${command}" of the README: no ${program} on PATH\n`)
  if (!isHere) continue
  testWith(['docker-registry'])(`${program} reads a bundle as the README says`, async () => {
    const directory = await temporaryDirectory()
    const lock = await writeBundleOf(await demoContent(), join(directory, 'shop.tar'))
    await mkdir(join(directory, 'layout'))
    await run('tar', ['-xf', 'shop.tar', '-C', 'layout'], { cwd: directory })
    const registry = await startDockerRegistry(directory)
    onTestFinished(() => registry.stop())
    const plain = program === 'oras' ? command.replace('copy', 'copy --to-plain-http') : command
    await run('sh', ['-c', plain.replace('REGISTRY', registry.host)], { cwd: directory })
    const { digest, mediaType } = lock.images.find(({ reference }) => reference.endsWith('/web:1.4'))!.target
    const repository = program === 'oras' ? 'shop/web' : 'shop'
    const found = await fetch(`http://${registry.host}/v2/${repository}/manifests/${digest}`, {
      headers: { accept: mediaType },
    })
    expect(found.status).toBe(200)
  })
}
