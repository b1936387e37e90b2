import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { glob, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { directoryWith, temporaryDirectory } from './support/temporary.ts'

const run = promisify(execFile)

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGES = (await Array.fromAsync(glob(['*.md', 'docs/*.md', '.github/*.md'], { cwd: ROOT }))).sort()

/** A path below one of the repository's own folders. */
const PATH = /(?<![\w./-])(?:src|test|docs|bin|schemas|examples|\.github)\/[\w./*-]*[\w/*]/g
/** One that stands for several: a pattern, or a place for a name. */
const PLACEHOLDER = /\*|\/[A-Z]+(?:\.\w+)?$/

test.for(PAGES)('every file of the repository that %s names is there', async (page) => {
  const named = [...(await readFile(join(ROOT, page), 'utf8')).matchAll(PATH)].map(([path]) => path)
  const paths = new Set(named.filter((path) => !PLACEHOLDER.test(path)))
  expect([...paths].filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

test.for(PAGES)('every npm script that %s names is there', async (page) => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
  const named = [...(await readFile(join(ROOT, page), 'utf8')).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)]
  expect(named.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([])
})

test('README and docs/architecture.md show the same rooms', async () => {
  const picture = /```\n( commands ─[\s\S]*?)```/
  const [readme, architecture] = await Promise.all(
    ['README.md', 'docs/architecture.md'].map(
      async (page) => picture.exec(await readFile(join(ROOT, page), 'utf8'))?.[1],
    ),
  )
  expect(readme).toBeDefined()
  expect(architecture).toBe(readme)
})

test('docs/architecture.md has a line for every room of src/', async () => {
  const rooms = (await readdir(join(ROOT, 'src'), { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const page = await readFile(join(ROOT, 'docs/architecture.md'), 'utf8')
  expect(rooms.map(({ name }) => name).filter((name) => !page.includes(`| \`src/${name}/\``))).toEqual([])
})

test('docs/architecture.md names every folder that holds more than a dozen files', async () => {
  const page = await readFile(join(ROOT, 'docs/architecture.md'), 'utf8')
  const files = await Array.fromAsync(glob('src/**/*.*', { cwd: ROOT }))
  const folders = Map.groupBy(files, (file) => dirname(file))
  const large = [...folders].filter(([, held]) => held.length > 12).map(([folder]) => folder)
  expect(large.filter((folder) => !page.includes(`\`${folder}/\` (`))).toEqual([])
})

test('the site has a page of each, with a way to all others', async () => {
  const directory = await temporaryDirectory()
  const { stdout } = await run(process.execPath, ['bin/site.js', '--into', directory], { cwd: ROOT })
  expect(stdout).toMatch(/index\.html: \d+ pages\n$/)
  const written = await readdir(join(directory, 'docs'))
  expect(written).toEqual(expect.arrayContaining((await readdir(join(ROOT, 'docs'))).flatMap(pageOf)))
  const page = await readFile(join(directory, 'docs/ci.html'), 'utf8')
  expect(page).toContain('<h2 id="github-actions">')
  expect(page).toContain('<a href="ci.html" aria-current="page">CI</a>')
})

test('the site is not made where a link leads nowhere', async () => {
  const from = await directoryWith({
    'package.json': '{"homepage":"https://example.com/repo#readme"}',
    'README.md':
      '# a\n\n[1](docs/ci.md#nothing) ![2](docs/none.png) [3](#none) [4](docs/ci.md#two-words) [5](LICENSE)\n',
    'docs/ci.md': '# CI\n\n## Two words\n\n[6](../README.md#a) [7](../README.md#b)\n',
  })
  const made = run(process.execPath, ['bin/site.js', '--from', from], { cwd: ROOT })
  const places = [
    'README.md: docs/ci.html#nothing',
    'README.md: docs/none.png',
    'README.md: #none',
    'docs/ci.md: ../index.html#b',
  ]
  const stderr = places.map((place) => `${place} leads nowhere\n`).join('')
  await expect(made).rejects.toMatchObject({ code: 2, stderr })
})

function pageOf(file: string): string[] {
  return file.endsWith('.md') ? [file.replace('.md', '.html')] : []
}
