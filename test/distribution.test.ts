import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { demoContent } from '../src/demo/images.ts'
import { startServer } from './server/running-server.ts'
import { temporaryDirectory } from './support/temporary.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))

test('the single executable does the main job without Node, PATH or files of the package', async () => {
  const { stdout } = await run(process.execPath, ['bin/build-binary.js'], { cwd: ROOT })
  const program = stdout.trim()
  const directory = await temporaryDirectory()
  const runBare = (...args: string[]) => run(program, args, { cwd: directory, env: { PATH: '/nowhere' } })
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  expect((await runBare('--version')).stdout).toContain(`nodeseed/${version}`)
  const { stdout: walked } = await runBare('demo', '--json')
  expect(JSON.parse(walked).steps.at(-1).said[0]).toBe('4 safe:')
  expect((await runBare('verify', 'nodeseed-demo/shop.tar')).stdout).toContain('every byte is as its digest says')

  // It crosses the gap inside a bundle, and works on the other side.
  const mirror = `registry.example.com=${await startServer(await demoContent())}/registry.example.com`
  const image = 'registry.example.com/shop/report:0.9'
  await runBare('bundle', '--image', image, '--mirror', mirror, '--with-tool', '-o', 'carried.tar')
  const carried = 'tar -xOf carried.tar nodeseed/tool.gz | gzip -d > tool && chmod +x tool && ./tool verify carried.tar'
  expect((await run('sh', ['-c', carried], { cwd: directory })).stdout).toContain('every byte is as its digest says')
})

test('the package holds what runs and nothing else', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT })
  const [{ files }] = JSON.parse(stdout)
  const names: string[] = files.map(({ path }: { path: string }) => path)
  expect(names).toEqual(
    expect.arrayContaining([
      'bin/run.js',
      'dist/cli/main.js',
      'dist/commands/serve.js',
      'dist/seed/seed.sh',
      'dist/audit/page/page.html',
      'examples/demo/shop.yaml',
    ]),
  )
  expect(names.filter((name) => /^(?:src|test|release)\/|\.ts$/.test(name))).toEqual([])
})

test('the reference names every command and flag', async () => {
  const { stdout } = await run(process.execPath, ['bin/command-reference.js'], { cwd: ROOT })
  for (const words of ['## nodeseed serve', '`--tls-directory DIR`', '`-o, --output OUTPUT`', '`--[no-]access-log`']) {
    expect(stdout).toContain(words)
  }
})

test('completion for bash is made from the commands', async () => {
  const cache = await temporaryDirectory()
  await run(process.execPath, ['bin/run.js', 'autocomplete', 'bash', '--refresh-cache'], {
    cwd: ROOT,
    env: { ...process.env, XDG_CACHE_HOME: cache },
  })
  const file = join(cache, 'nodeseed/autocomplete/functions/bash/nodeseed.bash')
  const script = `COMP_WORDS=(nodeseed ser); COMP_CWORD=1; . ${file}; _nodeseed_autocomplete; echo "\${COMPREPLY[*]}"`
  expect((await run('bash', ['-c', script])).stdout.trim()).toBe('serve')
})
