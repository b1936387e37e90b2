import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryDirectory } from './support/temporary.ts'

const run = promisify(execFile)

test.for(['which-node.md', 'pull-policies.md', 'from-other-tools.md', 'ci.md'])(
  'every command block of docs/%s works, from a directory with the examples alone',
  async (page) => {
    const home = await temporaryDirectory()
    await mkdir(join(home, 'bin'))
    await writeFile(
      join(home, 'bin/nodeseed'),
      `#!/bin/sh\nexec "${process.execPath}" "${resolve('bin/run.js')}" "$@"\n`,
      { mode: 0o755 },
    )
    await cp('examples', join(home, 'examples'), { recursive: true })
    const blocks = [...(await readFile(join('docs', page), 'utf8')).matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    expect(blocks.length).toBeGreaterThan(0)
    const script = blocks.map(([, text]) => text).join('')
    const env = { ...process.env, HOME: home, PATH: [join(home, 'bin'), process.env.PATH].join(delimiter) }
    await expect(run('sh', ['-e', '-c', script], { cwd: home, env })).resolves.toBeDefined()
  },
)
