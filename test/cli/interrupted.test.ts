import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { typeOnTerminal } from '../support/terminal.ts'

const CTRL_C = '\x03'
const onTerminal = testWith(['script'])

/** The cursor is there, and lines wrap: whatever was taken away last was given back after. */
function expectRestored(text: string): void {
  for (const [taken, given] of [
    ['\x1b[?25l', '\x1b[?25h'],
    ['\x1b[?7l', '\x1b[?7h'],
  ] as const) {
    expect(text.lastIndexOf(given)).toBeGreaterThanOrEqual(text.lastIndexOf(taken))
  }
}

/** Serves the manifest of an image, and of its layer the first half. */
async function halfAnImage(): Promise<string> {
  const registry = await MemoryRegistry.start()
  const layer = randomBytes(2_000_000)
  registry.addImage('web', '1', [layer])
  registry.misbehave = (_request, response, content) => {
    if (content.length !== layer.length) return false
    response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1_000_000))
    return true
  }
  return `${registry.host}/web:1`
}

/** Takes every request, and answers none. */
async function silentRegistry(): Promise<string> {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

onTerminal('Ctrl-C in a download: the cursor is back, what arrived is kept, and that is said', async () => {
  const directory = await temporaryDirectory()
  const file = join(directory, 'out.tar')
  const { text, exitCode } = await typeOnTerminal(['bundle', '--image', await halfAnImage(), '-o', file], {
    when: (shown) => shown.includes('1.0 MB of'),
    keys: CTRL_C,
  })
  expect(exitCode).toBe(130)
  expectRestored(text)
  expect(text).toMatch(/kept \S+out\.tar\.partial \(\d\.\d of 2\.\d MB\); the same command goes on\n$/)
  expect(text).not.toContain('stopped by')
  expect((await readdir(directory)).sort()).toEqual(['out.tar.partial', 'out.tar.partial.journal'])
})

onTerminal('Ctrl-C in an upload: the cursor is back, and it is said how to go on', async () => {
  const directory = await temporaryDirectory()
  await writeBundleOf(await demoContent(), join(directory, 'demo.tar'))
  const { text, exitCode } = await typeOnTerminal(['push', join(directory, 'demo.tar'), await silentRegistry()], {
    when: (shown) => shown.includes('0 B of'),
    keys: CTRL_C,
  })
  expect(exitCode).toBe(130)
  expectRestored(text)
  expect(text).toMatch(/stopped by SIGINT: what the registry has stays there; the same command sends the rest\n$/)
})

onTerminal('Ctrl-C in a load: what was made for it is gone', async () => {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await writeBundleOf(await demoContent(), at('demo.tar'))
  await mkdir(at('tmp'))
  await writeFile(at('docker'), `#!/bin/sh\ntouch ${at('started')}\nexec sleep 60\n`, { mode: 0o755 })
  const { text, exitCode } = await typeOnTerminal(
    ['load', at('demo.tar'), '--method', 'docker', '--ctr', at('docker')],
    { when: () => existsSync(at('started')), keys: CTRL_C, env: { TMPDIR: at('tmp') } },
  )
  expect(exitCode).toBe(130)
  expectRestored(text)
  expect(text).toContain('stopped by SIGINT: what the runtime has taken stays there; the same command loads the rest\n')
  expect((await readdir(at('tmp'))).filter((name) => name.startsWith('nodeseed-'))).toEqual([])
})
