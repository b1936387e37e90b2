import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { PROGRAM, runCli } from '../support/cli.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith, toolEnvironment } from '../support/debian.ts'
import { reach } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { writeShop } from '../support/test-images.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })

/** The shop's bundle cut in two, each half in a directory of its own. */
async function halves() {
  const { file, images } = await writeShop()
  const bytes = await readFile(file)
  const directory = await temporaryDirectory()
  const [first, second] = ['one', 'two'].map((name) => join(directory, name)) as [string, string]
  for (const one of [first, second]) await mkdir(one)
  const half = Math.ceil(bytes.length / 2)
  await writeFile(join(first, 'shop.tar.part001'), bytes.subarray(0, half))
  // At once: a part that is half there is waited for, and that is said too.
  const bring = async () => {
    await writeFile(join(directory, 'coming'), bytes.subarray(half))
    await rename(join(directory, 'coming'), join(second, 'shop.tar.part002'))
  }
  return { images, bundle: join(first, 'shop.tar'), second, bring }
}

withContainerd('parts on several media are loaded as they lie', async () => {
  const { bundle, second, bring, images } = await halves()
  await bring()
  const containerd = await startContainerd()
  const { stdout, stderr, exitCode } = await runCli(['load', bundle, '--media', second, ...reach(containerd), '--json'])
  expect(exitCode, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ result: 'seeded', names: 4, imported: 4 })
  for (const name of images.flatMap(({ names }) => names)) expect(await containerd.cri.imageStatus(name)).toBeDefined()
})

withContainerd('a part that is not there is waited for, and named', async () => {
  const { bundle, second, bring } = await halves()
  const containerd = await startContainerd()
  const args = ['load', bundle, '--media', second, '--wait-for-media', ...reach(containerd), '--json']
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: toolEnvironment() })
  const asked: string[] = []
  createInterface(child.stderr).on('line', (line) => {
    if (!line.includes('waiting: part')) return
    asked.push(line)
    void bring()
  })
  const [stdout, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')])
  expect(exitCode).toBe(0)
  expect(asked).toHaveLength(1)
  expect(asked[0]).toContain(`part 2 of 2, ${bundle}.part002, is missing`)
  expect(JSON.parse(stdout)).toMatchObject({ result: 'seeded', imported: 4 })
})

test('names and bases are not for bundles that are not all there', async () => {
  for (const more of [['web:1'], ['--base', 'base.tar']]) {
    expect(await runCli(['load', 'shop.tar', '--wait-for-media', ...more])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no names, and no --base'),
    })
  }
})
