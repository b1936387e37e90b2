import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, expect } from 'vitest'
import { textWidth } from '../../src/cli/output/terminal/text-width.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { runOnTerminal, typeOnTerminal } from '../support/terminal.ts'

/** A bar, from the saved cursor until its line is wiped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is made of
const PROGRESS = /\x1b7[\s\S]*?\x1b\[2K/g

const onTerminal = testWith(['script'])

/** What every command shows of the repository's examples, and of a bundle of theirs. */
const SCREENS: Record<string, string> = {
  scan: 'scan examples/scan/shop.yaml',
  'scan -o wide': 'scan examples/scan/shop.yaml -o wide',
  'scan --why': 'scan examples/scan/operator.yaml --why registry.example.com/engine/proxy',
  audit: 'audit examples/audit/shop.yaml --nodes examples/audit/nodes.json',
  inspect: 'inspect DIR/shop.tar',
  'inspect -o wide': 'inspect DIR/shop.tar -o wide',
  diff: 'diff DIR/web.tar DIR/shop.tar',
  verify: 'verify DIR/shop.tar',
  seed: 'seed DIR/shop.tar --nodes DIR/nodes.json -o DIR/seed --force examples/seed/shop.yaml',
  lock: 'lock --from DIR/shop.tar --offline -o DIR/shop.lock',
  bundle: 'bundle --from DIR/shop.tar --offline -o DIR/again.tar',
  'bundle --dry-run': 'bundle --from DIR/shop.tar --offline -o DIR/later.tar --dry-run',
  keygen: 'keygen -o DIR/release',
  merge: 'merge DIR/web.tar -o DIR/merged.tar --force',
  explain: 'explain ErrImageNeverPull',
  patch: 'patch examples/seed/shop.yaml --policy Never',
  push: 'push DIR/shop.tar 127.0.0.1:9 --retries 0',
  load: 'load DIR/shop.tar --method docker --ctr /none/docker',
  label: 'label DIR/labelled --kubectl DIR/kubectl',
  serve: 'serve DIR/shop.tar --in-cluster DIR/registry --sandbox-image registry.k8s.io/pause:3.10',
  controller:
    'controller --in-cluster DIR/controller --sandbox-image registry.k8s.io/pause:3.10 --bundle-path /shop.tar',
  demo: 'demo -o DIR/demo',
  'wrong file': 'scan no-such-file',
  'wrong flag': 'scan --polcy Never',
}

/** Tests of one width share a directory. */
const directories = new Map<number, Promise<string>>()

afterAll(async () => {
  for (const directory of directories.values()) await rm(await directory, { recursive: true })
})

function directoryOf(columns: number): Promise<string> {
  const known = directories.get(columns) ?? prepare()
  directories.set(columns, known)
  return known
}

async function prepare(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  const blobs: Blobs = new Map()
  const images = await shopImages(blobs)
  await writeTestBundle(join(directory, 'shop.tar'), images, blobs)
  await writeTestBundle(join(directory, 'web.tar'), images.slice(0, 1), blobs)
  await cp('examples/seed/nodes.yaml', join(directory, 'nodes.json'))
  await writeSeeded(directory)
  return directory
}

/** What seed wrote for two nodes, and a kubectl that knows them, of which one is seeded. */
async function writeSeeded(directory: string): Promise<void> {
  const set = '0123456789abcdef'
  const names = ['worker-1', 'worker-2']
  const placement = {
    namespace: 'nodeseed',
    sets: [{ name: 'shop', digest: set, label: `shop.nodeseed.dev/${set}`, images: [], nodes: names }],
    nodes: names.map((node) => ({ node, sets: [set], seeded: 'aaaa' })),
  }
  const pods = names.map((nodeName, index) => ({
    metadata: { labels: { 'nodeseed.dev/set': 'aaaa' } },
    spec: { nodeName },
    status: { conditions: [{ type: 'Ready', status: index === 0 ? 'True' : 'False' }] },
  }))
  await mkdir(join(directory, 'labelled'))
  await writeFile(join(directory, 'labelled/placement.json'), JSON.stringify(placement))
  await writeFile(join(directory, 'pods'), JSON.stringify({ items: pods }))
  const nodes = names.map((name) => ({ metadata: { name, labels: {} } }))
  await writeFile(join(directory, 'nodes'), JSON.stringify({ items: nodes }))
  const kubectl = `#!/bin/sh\n[ "$1" != get ] || cat "${directory}/$2"\n`
  await writeFile(join(directory, 'kubectl'), kubectl, { mode: 0o755 })
}

const TABLES = ['scan', 'inspect']

for (const columns of [40, 80, 200]) {
  for (const [name, line] of Object.entries(SCREENS)) {
    onTerminal(`${name} on ${columns} columns`, async () => {
      const { exitCode, text, directory } = await screenOf(line, columns)
      expect(`exit code ${exitCode}\n${generic(text, directory)}`).toMatchSnapshot()
      if (TABLES.includes(name)) checkWidths(text, { columns, directory })
    })
  }
}

onTerminal('serve, listening, until Ctrl-C: what is to be copied is broken on no screen', async () => {
  const screens = [40, 80, 200].map(async (columns) => {
    const directory = await directoryOf(columns)
    const { exitCode, text } = await typeOnTerminal(['serve', join(directory, 'shop.tar'), '--listen', '127.0.0.1:0'], {
      columns,
      env: { NO_COLOR: '1' },
      when: (shown) => /ImageTagMirrorSet[\s\S]*mirrors:\s+- \S+\s/.test(shown),
      keys: '\x03',
    })
    return `exit code ${exitCode}\n${text.replaceAll(/(?<=127\.0\.0\.1:)\d+/g, 'PORT')}`
  })
  const [narrow, ...wider] = await Promise.all(screens)
  expect(narrow).toMatchSnapshot()
  expect(new Set(wider)).toEqual(new Set([narrow]))
})

onTerminal('no table is wider than the screen', async () => {
  for (const columns of [57, 120]) {
    for (const line of [SCREENS.scan, 'explain'] as string[]) {
      const { text, directory } = await screenOf(line, columns)
      checkWidths(text, { columns, directory })
    }
  }
})

async function screenOf(line: string, columns: number) {
  const directory = await directoryOf(columns)
  const words = line.replaceAll('DIR', directory).split(' ')
  return { ...(await runOnTerminal(words, { columns, env: { NO_COLOR: '1' } })), directory }
}

function checkWidths(text: string, { columns, directory }: { columns: number; directory: string }): void {
  const table = text.split('\n').filter((row) => !/^(?:error|left out| {2}try): /.test(row) && !row.includes(directory))
  for (const row of table) expect(textWidth(row), `${columns}: ${row}`).toBeLessThanOrEqual(columns)
}

onTerminal('wide characters and combining ones take the columns that they have', async () => {
  const file = join(await directoryOf(80), 'wide.yaml')
  const shop = await readFile('examples/scan/shop.yaml', 'utf8')
  await writeFile(
    file,
    shop.replaceAll('name: log-shipper', 'name: 日本語テスト').replaceAll('name: metrics', 'name: ámétrics'),
  )
  const { text } = await runOnTerminal(['scan', file], { columns: 250, env: { NO_COLOR: '1' } })
  const rows = text.split('\n').filter((row) => row.includes(' Deployment '))
  const where = rows.map((row) => textWidth(row.slice(0, row.indexOf('podSpec'))))
  expect(rows).toHaveLength(4)
  expect(new Set(where).size).toBe(1)
})

onTerminal('colours: on a terminal, unless NO_COLOR, TERM or --color say otherwise', async () => {
  const coloured = async (env: Record<string, string>, ...flags: string[]) => {
    const { text } = await runOnTerminal(['scan', 'no-such-file', ...flags], { columns: 80, env })
    expect(stripVTControlCharacters(text)).toContain('error: no-such-file')
    return text.includes('\x1b[')
  }
  expect(await coloured({})).toBe(true)
  expect(await coloured({ NO_COLOR: '1' })).toBe(false)
  expect(await coloured({ TERM: 'dumb' })).toBe(false)
  expect(await coloured({ NO_COLOR: '1' }, '--color', 'always')).toBe(true)
  expect(await coloured({ FORCE_COLOR: '1' }, '--color=never')).toBe(false)
  const piped = async (env: Record<string, string>, ...flags: string[]) =>
    (await runCli(['scan', 'no-such-file', ...flags], { env: { NO_COLOR: '', FORCE_COLOR: '', ...env } })).stderr
  expect(await piped({})).not.toContain('\x1b[')
  expect(await piped({}, '--color', 'always')).toContain('\x1b[')
  expect(await piped({ FORCE_COLOR: '1' })).toContain('\x1b[')
})

/** Without what is another in each run. */
function generic(text: string, directory: string): string {
  return text
    .replaceAll(directory, 'DIR')
    .replaceAll(PROGRESS, '')
    .replace(/(?<=blobs, (?:each once, )?)\d+ kB/, 'N kB')
    .replace(/where \S+ \S+ are free/, 'where N GB are free')
    .replace(/Done in [\d.]+ s/, 'Done in N s')
    .replace(/(?<=on disk: )\d+ kB/, 'N kB')
}
