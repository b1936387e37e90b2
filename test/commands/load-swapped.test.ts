import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { shopContent } from '../server/shop-content.ts'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let directory: string
const at = (name: string) => join(directory, name)

beforeEach(async () => {
  directory = await temporaryDirectory()
  await mkdir(at('bundles'))
  await writeBundleOf(await demoContent(), at('bundles/demo.tar'))
  await writeBundleOf(shopContent().content, at('other.tar'))
})

/** A docker that does something to the bundle before it is asked to take anything, and keeps what it is given. */
async function dockerThat(does: string): Promise<string> {
  const script = `#!/bin/sh
case $1 in
  load) cat >>'${at('loaded')}' ;;
  *) [ -e '${at('done')}' ] || { : >'${at('done')}'; ${does}; } ;;
esac
`
  await writeFile(at('docker'), script, { mode: 0o755 })
  return at('docker')
}

const load = (program: string) => runCli(['load', at('bundles/demo.tar'), '--method', 'docker', '--ctr', program])

/** The names of the files in what docker was given. */
async function loaded(): Promise<string[]> {
  const bytes = await readFile(at('loaded'))
  return [...bytes.toString('latin1').matchAll(/blobs\/sha256\/[0-9a-f]{64}/g)].map(([name]) => name)
}

test.for([
  ['another file takes its name', () => `cp ${at('other.tar')} ${at('x')}; mv -f ${at('x')} ${at('bundles/demo.tar')}`],
  ['its name goes', () => `rm ${at('bundles/demo.tar')}`],
  [
    'its directory is another',
    () => `mv ${at('bundles')} ${at('gone')}; mkdir ${at('bundles')}; cp ${at('other.tar')} ${at('bundles/demo.tar')}`,
  ],
] as const)('what was checked is what is loaded, also where %s', async ([, does]) => {
  const first = await load(await dockerThat(':'))
  expect(first.stderr).not.toContain('error:')
  const wanted = await loaded()
  expect(wanted.length).toBeGreaterThan(3)
  await rm(at('done'))
  await rm(at('loaded'))
  const { stderr } = await load(await dockerThat(does()))
  expect(await loaded(), stderr).toEqual(wanted)
  expect((await readdir(directory)).includes('loaded')).toBe(true)
})

test('a bundle that is written to while it is loaded is not said to be loaded', async () => {
  const { exitCode, stdout, stderr } = await load(await dockerThat(`cat ${at('other.tar')} >${at('bundles/demo.tar')}`))
  expect(stdout).toBe('')
  expect([2, 4]).toContain(exitCode)
  expect(stderr).toMatch(/error: /)
})

test('parts are held too', async () => {
  const whole = await readFile(at('bundles/demo.tar'))
  await copyFile(at('bundles/demo.tar'), at('kept.tar'))
  await rename(at('bundles/demo.tar'), at('whole.tar'))
  await writeFile(at('bundles/demo.tar.part001'), whole.subarray(0, 40_000))
  await writeFile(at('bundles/demo.tar.part002'), whole.subarray(40_000))
  await load(await dockerThat(`rm ${at('bundles/demo.tar.part002')}`))
  expect((await loaded()).length).toBeGreaterThan(3)
})
