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

test('a mirror that wants a login is named, where nobody reaches the registry itself', async () => {
  const mirror = await MemoryRegistry.start()
  mirror.misbehave = (_, response) => !!response.writeHead(401).end()
  const out = join(await temporaryDirectory(), 'out.lock')
  const call = ['lock', '--image', 'registry.invalid/app:1', '--mirror', `registry.invalid=${mirror.host}`, '-o', out]
  const { exitCode, stdout } = await runCli([...call, '--retries', '0', '--json'])
  expect(exitCode).toBe(3)
  expect(JSON.parse(stdout).failures).toMatchObject([
    { reference: 'registry.invalid/app:1', code: 'UNAUTHORIZED', registry: mirror.host, status: 401 },
  ])
})

test('a mirror that asks to wait is waited for, where nobody reaches the registry itself', async () => {
  const mirror = await MemoryRegistry.start()
  mirror.addImage('app', '1', [Buffer.from('a layer')])
  let asked = 0
  mirror.misbehave = (_, response) => ++asked % 2 === 1 && !!response.writeHead(429, { 'retry-after': '0' }).end()
  const out = join(await temporaryDirectory(), 'out.tar')
  const call = ['bundle', '--image', 'registry.invalid/app:1', '--mirror', `registry.invalid=${mirror.host}`, '-o', out]
  expect(await runCli(call)).toMatchObject({ exitCode: 0 })
})
