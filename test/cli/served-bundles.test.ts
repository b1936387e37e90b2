import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { openServedBundles } from '../../src/cli/serving/served-bundles.ts'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('what a key signed is not gone back from when the files are opened again', async () => {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  const registry = await MemoryRegistry.start()
  expect(await runCli(['keygen', '-o', at('k')])).toMatchObject({ exitCode: 0 })
  const bundles: [name: string, set: string, number: number][] = [
    ['shop3', 'shop', 3],
    ['shop3b', 'shop', 3],
    ['shop5', 'shop', 5],
    ['tools1', 'tools', 1],
  ]
  for (const [name, set, number] of bundles) {
    registry.addImage('app', '1', [Buffer.from(name)])
    const edition = ['--set-name', set, '--number', String(number), '--sign', at('k.key')]
    const made = await runCli(['bundle', '--image', `${registry.host}/app:1`, '-o', at(`${name}.tar`), ...edition])
    expect(made.exitCode, made.stderr).toBe(0)
  }
  const table: [before: string[], now: string[], problem: RegExp | undefined][] = [
    [['shop3'], ['shop5'], undefined],
    [['shop5'], ['shop5'], undefined],
    [['shop5'], ['tools1'], undefined],
    [['shop3'], ['shop3', 'shop5'], undefined],
    [
      ['shop5'],
      ['shop3'],
      /shop3\.tar must not take the place .*: it is number 3 of the set shop, older than number 5/,
    ],
    [['shop5', 'tools1'], ['tools1', 'shop3'], /it is number 3 of the set shop, older than number 5/],
    [['shop3'], ['shop3b'], /it is number 3 of the set shop as what is held, and holds other images/],
  ]
  for (const [before, now, problem] of table) {
    const served = new Map<string, Lock>()
    const open = (names: string[], key?: string) =>
      openServedBundles(
        names.map((name) => at(`${name}.tar`)),
        { key },
        served,
      ).then(({ close }) => close())
    await open(before, at('k.pub'))
    const again = open(now, at('k.pub'))
    if (problem) await expect(again).rejects.toThrow(problem)
    else await again
    await open(before)
  }
})
