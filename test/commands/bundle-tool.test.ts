import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { startServer } from '../server/running-server.ts'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** The fields e_machine of ELF. */
const [AMD64, ARM64, RISCV] = [62, 183, 243]

/** As much of an ELF file as says for which machine it is. */
function program(machine: number): Buffer {
  const head = Buffer.alloc(64)
  head.write('\x7fELF\x02\x01\x01', 'latin1')
  head.writeUInt16LE(machine, 18)
  return head
}

async function bundle(machines: readonly number[], ...flags: string[]) {
  const directory = await temporaryDirectory()
  const tools = await Promise.all(
    machines.map(async (machine, index) => {
      const file = join(directory, `tool-${index}`)
      await writeFile(file, program(machine))
      return ['--tool', file]
    }),
  )
  const mirror = `registry.example.com=${await startServer(await demoContent())}/registry.example.com`
  const output = join(directory, 'shop.tar')
  const image = ['--image', 'registry.example.com/shop/web:1.4', '--mirror', mirror, '-o', output]
  return { output, ...(await runCli(['bundle', ...image, ...flags, ...tools.flat()])) }
}

test('each machine finds the build for it by its own name', async () => {
  const { output, stderr } = await bundle([ARM64, AMD64], '--platform', 'linux/amd64', '--platform', 'linux/arm64')
  expect(stderr).not.toContain('carries no nodeseed')
  const carried = await openBundle(output)
  onTestFinished(() => carried.close())
  const machineIn = async (name: string) => gunzipSync((await carried.readFile(name))!).readUInt16LE(18)
  expect(await machineIn('nodeseed/tool-x86_64.gz')).toBe(AMD64)
  expect(await machineIn('nodeseed/tool-aarch64.gz')).toBe(ARM64)
  expect((await runCli(['inspect', output])).stdout).toContain('carries nodeseed for amd64, arm64')
})

test('merged bundles carry the builds of all', async () => {
  const [first, second] = [await bundle([AMD64]), await bundle([ARM64])]
  const output = join(await temporaryDirectory(), 'merged.tar')
  expect((await runCli(['merge', first.output, second.output, '-o', output])).exitCode).toBe(0)
  expect((await runCli(['inspect', output])).stdout).toContain('carries nodeseed for amd64, arm64')
})

test('it says which of the platforms have no build', async () => {
  const { exitCode, stderr } = await bundle([AMD64], '--platform', 'linux/arm64')
  expect(stderr).toContain('the bundle carries no nodeseed for arm64: name a build for it with --tool')
  expect(exitCode).toBe(0)
})

test.for<[what: string, machines: number[], message: RegExp]>([
  ['two builds for one architecture', [AMD64, AMD64], /tool-1: another --tool is for amd64 too/],
  ['a program for another machine', [RISCV], /tool-0: not a program for Linux on amd64 or arm64/],
])('%s: refused', async ([, machines, message]) => {
  const { exitCode, stderr } = await bundle(machines)
  expect(stderr).toMatch(message)
  expect(exitCode).toBe(2)
})

test('a build that needs Node is of no use on the other side', async () => {
  const { exitCode, stderr } = await bundle([], '--with-tool')
  expect(stderr).toContain('this nodeseed needs Node')
  expect(exitCode).toBe(2)
})
