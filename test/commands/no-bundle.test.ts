import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let at: (name: string) => string

beforeEach(async () => {
  const directory = await temporaryDirectory()
  at = (name) => join(directory, name)
  await mkdir(at('empty'))
  await mkdir(at('in'))
  await writeFile(at('text'), 'hello: world\n')
  await writeFile(at('binary'), Buffer.from([1, 0, 2, 0, 255]))
  await copyFile('examples/seed/shop.yaml', at('in/shop.yaml'))
  await copyFile('examples/seed/nodes.yaml', at('nodes.yaml'))
  await writeBundleOf(await demoContent(), at('demo.tar'))
})

/** Each place where a command takes a bundle. */
const PLACES: Readonly<Record<string, (file: string) => string[]>> = {
  verify: (file) => ['verify', file],
  'verify --newer-than': (file) => ['verify', at('demo.tar'), '--newer-than', file],
  inspect: (file) => ['inspect', file],
  load: (file) => ['load', file],
  push: (file) => ['push', file, '127.0.0.1:1'],
  'push --base': (file) => ['push', at('demo.tar'), '127.0.0.1:1', '--base', file],
  serve: (file) => ['serve', file],
  diff: (file) => ['diff', at('demo.tar'), file],
  merge: (file) => ['merge', file, '-o', at('out.tar')],
  'bundle --since': (file) => ['bundle', '--image', '127.0.0.1:1/a', '--since', file, '-o', at('out.tar')],
  'bundle --reuse': (file) => ['bundle', '--image', '127.0.0.1:1/a', '--reuse', file, '-o', at('out.tar')],
  seed: (file) => ['seed', file, at('in'), '--nodes', at('nodes.yaml'), '-o', at('out')],
  'audit --bundle': (file) => ['audit', at('in'), '--nodes', at('nodes.yaml'), '--bundle', file],
  'patch --pin-digests': (file) => ['patch', at('in'), '--pin-digests', file],
}

test.for(Object.keys(PLACES))('%s: what is no bundle is the same everywhere', async (place) => {
  const answers = await Promise.all(
    ['text', 'binary', 'empty'].map(async (file) => {
      const { exitCode, stdout } = await runCli([...PLACES[place]!(at(file)), '--json'])
      const { error } = JSON.parse(stdout)
      return { file, exitCode, code: error.code, namesIt: error.message.startsWith(at(file)) }
    }),
  )
  const expected = { exitCode: 4, code: 'BUNDLE_INVALID', namesIt: true }
  expect(answers).toEqual(['text', 'binary', 'empty'].map((file) => ({ file, ...expected })))
})
