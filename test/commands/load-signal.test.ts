import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { PROGRAM } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends a load, and leaves no temporary directory',
  async (signal) => {
    const directory = await temporaryDirectory()
    const at = (name: string) => join(directory, name)
    await writeBundleOf(await demoContent(), at('demo.tar'))
    await mkdir(at('tmp'))
    // Whatever the script asks of its runtime first takes long.
    await writeFile(at('docker'), `#!/bin/sh\ntouch ${at('started')}\nexec sleep 20\n`, { mode: 0o755 })
    const args = ['load', at('demo.tar'), '--method', 'docker', '--ctr', at('docker')]
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...process.env, TMPDIR: at('tmp') },
      stdio: 'ignore',
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    while (!existsSync(at('started'))) await sleep(20)
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([null, signal])
    expect((await readdir(at('tmp'))).filter((name) => name.startsWith('nodeseed-load-'))).toEqual([])
  },
)
