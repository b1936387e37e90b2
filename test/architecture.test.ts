import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'

/**
 * The rooms of src/, and what each may import besides itself, errors.ts and plural.ts: other rooms, files, packages. A
 * room within a room (`bundle/format`) has its own line. The picture is in README.md.
 */
const MAY_IMPORT: Record<string, string[]> = {
  // Below both doors and commands: how a file gets onto the disk.
  disk: ['early-end.ts', 'node:'],
  codes: [],
  oci: ['node:crypto'],
  kubernetes: ['oci', 'js-yaml', 'yaml', 'kubernetes-types'],
  'bundle/format': ['oci', 'node:crypto', 'node:util'],
  discovery: ['oci', 'kubernetes', 'kubernetes-types', 'finding.ts'],
  bundle: ['oci', 'kubernetes', 'bundle/format', 'finding.ts', 'node:crypto', 'node:util', 'p-limit'],
  seed: ['oci', 'kubernetes', 'kubernetes-types', 'bundle/format', 'finding.ts', 'finding-codes.ts', 'node:crypto'],
  audit: ['oci', 'kubernetes', 'kubernetes-types', 'bundle/format', 'finding.ts', 'finding-codes.ts', 'node:crypto'],
  registry: ['oci', 'duration.ts', 'node:', 'smol-toml', 'undici'],
  layout: ['oci', 'disk', 'early-end.ts', 'bundle/format', 'finding.ts', 'node:', 'tar-stream'],
  server: ['oci', 'disk', 'bundle/format', 'finding.ts', 'node:'],
  cluster: ['kubernetes', 'kubernetes-types', 'node:'],
  // The whole path in one place: it opens the doors as commands do.
  demo: [
    'audit',
    'bundle',
    'bundle/format',
    'cli',
    'disk',
    'discovery',
    'kubernetes-types',
    'kubernetes',
    'layout',
    'node:',
    'oci',
    'registry',
    'seed',
    'server',
    'tar-stream',
  ],
  // What commands share stands above decisions and doors, as they do.
  cli: [
    'audit',
    'bundle',
    'bundle/format',
    'cluster',
    'disk',
    'discovery',
    'early-end.ts',
    'layout',
    'registry',
    'seed',
    'server',
    'oci',
    'kubernetes',
    'kubernetes-types',
    'duration.ts',
    'finding.ts',
    'node:',
    '@oclif/core',
    'cli-progress',
  ],
}

const IMPORT = /^(?:import|export)\b[^'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)/gm

/** Each file of src/, and what it imports: files by their path below src/, packages by their name. */
const imports = new Map<string, string[]>()

beforeAll(async () => {
  for await (const path of glob('src/**/*.ts')) {
    const source = await readFile(path, 'utf8')
    const names = [...source.matchAll(IMPORT)].map(([, from, dynamic]) => from ?? dynamic ?? '')
    const file = path.slice('src/'.length)
    imports.set(
      file,
      names.map((name) => (name.startsWith('.') ? join(dirname(file), name) : name)),
    )
  }
})

test.for(Object.entries(MAY_IMPORT))('src/%s imports only what it may', ([room, allowed]) => {
  for (const [file, names] of imports) {
    if (roomOf(file) !== room) continue
    const foreign = names.filter((name) => {
      const other = roomOf(name)
      if (name === 'errors.ts' || name === 'plural.ts' || other === room) return false
      return !allowed.some((entry) =>
        entry === 'node:' ? name.startsWith(entry) : entry === (other ?? packageOf(name)),
      )
    })
    expect(foreign, file).toEqual([])
  }
})

test('every folder of src/ but commands has a rule', () => {
  const folders = [...imports.keys()].filter((file) => file.includes('/') && roomOf(file) === undefined)
  expect(folders.filter((file) => !file.startsWith('commands/'))).toEqual([])
})

test('nothing imports a command', () => {
  for (const [file, names] of imports) {
    expect(
      names.filter((name) => name.startsWith('commands/')),
      file,
    ).toEqual([])
  }
})

/** The innermost room that a file of src/ is in. */
function roomOf(file: string): string | undefined {
  const rooms = Object.keys(MAY_IMPORT).filter((room) => file.startsWith(`${room}/`))
  return rooms.sort((a, b) => b.length - a.length)[0]
}

function packageOf(name: string): string {
  const [first = '', second = ''] = name.split('/')
  if (name.startsWith('node:') || name.endsWith('.ts')) return name
  return first.startsWith('@') ? `${first}/${second}` : first
}
