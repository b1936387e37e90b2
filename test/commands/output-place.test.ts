import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function place() {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await writeFile(at('list.txt'), '127.0.0.1:1/a:1\n')
  await mkdir(at('here'))
  await writeBundleOf(await demoContent(), at('demo.tar'))
  await symlink(at('list.txt'), at('link'))
  return at
}

type Place = Awaited<ReturnType<typeof place>>

test.for<[name: string, args: (at: Place) => string[], exitCode: number, said: RegExp]>([
  ['a lock', (at) => ['lock', at('list.txt'), '--force', '-o', at('here')], 2, /here: is a directory\n {2}try: Name a/],
  ['a bundle', (at) => ['bundle', at('list.txt'), '--force', '-o', at('here')], 2, /here: is a directory\n/],
  [
    'a bundle on a link',
    (at) => ['bundle', at('list.txt'), '--force', '-o', at('link')],
    2,
    /link: is a link, a device/,
  ],
  ['a merge on a device', (at) => ['merge', at('demo.tar'), '--force', '-o', '/dev/null'], 2, /null: is a link, a dev/],
  ['a merge', (at) => ['merge', at('demo.tar'), '--force', '-o', at('here')], 2, /here: is a directory\n/],
  [
    'a key',
    (at) => ['keygen', '-o', at('none/key')],
    2,
    /none\/key\.\w+: there is no directory \S+none\n {2}try: .*mkdir/,
  ],
  ...['html', 'sarif', 'junit'].map((kind): [string, (at: Place) => string[], number, RegExp] => [
    `a report (${kind})`,
    (at) => ['audit', 'examples/audit/shop.yaml', '--nodes', 'examples/audit/nodes.json', `--${kind}`, at('none/x')],
    2,
    /none\/x: there is no directory \S+none\n {2}try: .*mkdir/,
  ]),
  ['a map', (at) => ['push', at('demo.tar'), '127.0.0.1:1', '--image-map', at('none/map')], 2, /mkdir -p \S+none/],
])('%s that cannot have its place is said, before any registry is asked', async ([, args, expected, said]) => {
  const { exitCode, stdout, stderr } = await runCli(args(await place()))
  expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: '' })
  expect(stderr).toMatch(said)
})
