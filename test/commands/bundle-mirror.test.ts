import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function behindMirror(image: string, ...flags: string[]) {
  const mirror = await MemoryRegistry.start()
  mirror.addImage('app', '1', [Buffer.from('a layer')])
  const out = join(await temporaryDirectory(), 'out.tar')
  const call = ['bundle', '--image', image, '--mirror', `registry.invalid=${mirror.host}`, '--retries', '0']
  return runCli([...call, ...flags, '-o', out])
}

test('where only the mirror is reached, its word counts', async () => {
  const { exitCode, stderr } = await behindMirror('registry.invalid/app:2')
  expect(exitCode).toBe(3)
  expect(stderr).toContain('[MANIFEST_UNKNOWN]')
})

test('an image without signatures is taken with --referrers, also where only a mirror is reached', async () => {
  expect(await behindMirror('registry.invalid/app:1', '--referrers')).toMatchObject({ exitCode: 0 })
})
