import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))

test('the package holds what runs, its documentation and nothing else', async () => {
  const names = await packedFiles()
  expect(names).toEqual(
    expect.arrayContaining([
      'bin/run.js',
      'dist/program/start.cjs',
      'dist/program/serve.cjs',
      'dist/licences.txt',
      'dist/seed/node-script/10-options.sh',
      'dist/audit/report/page/page.html',
      'dist/bundle/page/style/page.css',
      'dist/cli/pages/style/page.css',
      'examples/demo/shop.yaml',
    ]),
  )
  expect(names.filter((name) => /^(?:src|test|release)\/|\.ts$/.test(name))).toEqual([])
})

test('the package depends on no other, so none asks for a newer Node than is promised', async () => {
  const pkg = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  expect(Object.keys(pkg).filter((key) => /^(?!dev).*dependencies$/i.test(key))).toEqual([])
})

test('the package holds nothing that is compiled for a machine or a C library', async () => {
  const compiled: string[] = []
  for (const name of await packedFiles()) {
    const content = await readFile(join(ROOT, name))
    const isElf = content.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'))
    if (isElf || /\.(?:node|so)$/.test(name) || content.includes('process.dlopen')) compiled.push(name)
  }
  expect(compiled).toEqual([])
})

test('every relative link of a packed page leads to a packed file', async () => {
  const names = await packedFiles()
  const broken: string[] = []
  let links = 0
  for (const page of names.filter((name) => name.endsWith('.md'))) {
    for (const target of relativeLinks(await readFile(join(ROOT, page), 'utf8'))) {
      links += 1
      if (!names.includes(join(dirname(page), target))) broken.push(`${page}: ${target}`)
    }
  }
  expect(broken).toEqual([])
  expect(links).toBeGreaterThan(0)
})

test('docs/commands.md is what the commands say of themselves', async () => {
  const { stdout } = await run(process.execPath, ['bin/command-reference.js'], { cwd: ROOT })
  for (const words of ['## nodeseed serve', '`--tls-dir DIR`', '`-o, --output FILE`', '`--[no-]access-log`']) {
    expect(stdout).toContain(words)
  }
  const committed = await readFile(join(ROOT, 'docs/commands.md'), 'utf8')
  expect(committed, 'write it anew with: npm run reference').toBe(stdout)
})

let packed: Promise<string[]> | undefined

/** The files that `npm pack` takes, by their path in the package. */
function packedFiles(): Promise<string[]> {
  packed ??= askNpm()
  return packed
}

async function askNpm(): Promise<string[]> {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT })
  const [{ files }] = JSON.parse(stdout)
  return files.map(({ path }: { path: string }) => path)
}

/** The files that a page in Markdown links to or shows, without anchors and without whole addresses. */
function relativeLinks(page: string): string[] {
  return [...page.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
}
