import { createPublicKey } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { WritableRegistry } from '../support/writable-registry.ts'
import { type Files, killedAndEnded } from './killed.ts'

async function place() {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await mkdir(at('written'))
  return { at, written: at('written') }
}

const timeout = 600_000

/** Each file by itself is the old or the new one. */
function isEachOldOrNew(files: Files, before: Files, after: Files): boolean {
  return Object.entries(files).every(([name, content]) => content === before[name] || content === after[name])
}

testWith(['strace'])('keygen, killed at any call: both halves, or the next run makes both', { timeout }, async () => {
  const { written } = await place()
  const isPair = (files: Files) => {
    const { 'my.key': secret, 'my.pub': open } = files
    // One of them alone is what a run begins with, and the next one takes away.
    if (secret === undefined || open === undefined) return true
    return createPublicKey(secret).export({ type: 'spki', format: 'pem' }) === open
  }
  const args = ['keygen', '-o', join(written, 'my')]
  // A pair that is whole is not replaced.
  const after = await killedAndEnded(written, { args, calls: 12, isAllowed: isPair, ends: [0, 2] })
  expect(Object.keys(after)).toEqual(['my.key', 'my.pub'])
  expect(isPair(after)).toBe(true)
})

testWith(['strace'])(
  'demo, killed at any call: all of it or nothing, and the next run ends it',
  { timeout },
  async () => {
    const { written } = await place()
    const isAllOrNothing = (files: Files, _before: Files, after: Files) => {
      const names = Object.keys(files)
      return names.length === 0 || names.join() === Object.keys(after).join()
    }
    const args = ['demo', '--output', join(written, 'demo')]
    const after = await killedAndEnded(written, { args, calls: 120, isAllowed: isAllOrNothing })
    expect(Object.keys(after)).toContain('demo/shop.tar')
  },
)

testWith(['strace'])('patch -o, killed at any call: the old or the new component', { timeout }, async () => {
  const { at, written } = await place()
  const spec = `spec: { containers: [{ name: a, image: 'nginx:1', imagePullPolicy: Always }] }`
  await writeFile(at('pod.yaml'), `apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n${spec}\n`)
  const patch = (policy: string) => ['patch', at('pod.yaml'), '--policy', policy, '-o', join(written, 'patched')]
  expect((await runCli(patch('IfNotPresent'))).exitCode).toBe(0)
  await writeFile(join(written, 'patched/notes.txt'), 'notes')
  const after = await killedAndEnded(written, { args: [...patch('Never'), '--force'], calls: 20 })
  expect(after['patched/notes.txt']).toBe('notes')
})

testWith(['strace'])('audit, killed at any call: each report is the old or the new one', { timeout }, async () => {
  const { written } = await place()
  const reports = ['html', 'sarif', 'junit'].flatMap((kind) => [`--${kind}`, join(written, `report.${kind}`)])
  const audit = (...more: string[]) => [
    ...['audit', 'examples/audit/shop.yaml', '--nodes', 'examples/audit/nodes.json', ...reports, ...more],
  ]
  expect((await runCli(audit('--fail-on', 'never'))).exitCode).toBe(0)
  const args = audit('--always-pull-images')
  const after = await killedAndEnded(written, { args, calls: 12, isAllowed: isEachOldOrNew })
  expect(Object.keys(after)).toEqual(['report.html', 'report.junit', 'report.sarif'])
})

testWith(['strace'])('push, killed at any call: the old or the new map', { timeout }, async () => {
  const { at, written } = await place()
  const registry = await WritableRegistry.start()
  await writeBundleOf(await demoContent(), at('demo.tar'))
  await writeFile(join(written, 'map.json'), '{}\n')
  const args = ['push', at('demo.tar'), registry.host, '--image-map', join(written, 'map.json')]
  const after = await killedAndEnded(written, { args, calls: 4 })
  expect(after['map.json']).toContain('registry.example.com/shop/web:1.4')
})
