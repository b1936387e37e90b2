import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryDirectory } from './support/temporary.ts'

const run = promisify(execFile)

/** What `nodeseed demo -o demo` makes, once for all pages that show something of it. */
let demo: string

beforeAll(async () => {
  demo = join(await mkdtemp(join(tmpdir(), 'nodeseed-')), 'demo')
  await run(process.execPath, [resolve('bin/run.js'), 'demo', '-o', demo])
})

afterAll(() => rm(dirname(demo), { recursive: true }))

const PLAIN = ['which-node.md', 'pull-policies.md', 'from-other-tools.md', 'ci.md']
const OF_DEMO = ['openshift.md', 'k3s-rke2.md', 'talos.md', 'gitops.md']

test.for([...PLAIN, ...OF_DEMO])(
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
    if (OF_DEMO.includes(page)) await cp(demo, join(home, 'demo'), { recursive: true })
    const blocks = [...(await readFile(join('docs', page), 'utf8')).matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    expect(blocks.length).toBeGreaterThan(0)
    const script = blocks.map(([, text]) => text).join('')
    const env = { ...process.env, HOME: home, PATH: [join(home, 'bin'), process.env.PATH].join(delimiter) }
    await expect(run('sh', ['-e', '-c', script], { cwd: home, env })).resolves.toBeDefined()
  },
)
