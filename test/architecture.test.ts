import { glob, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { cyclesIn } from './support/import-cycles.ts'

/**
 * The rooms of src/, and what each may import besides itself and the words of ANYWHERE: other rooms, files, packages. A
 * room within a room (`bundle/format`) has its own line. The picture is in docs/architecture.md.
 */
const MAY_IMPORT: Record<string, string[]> = {
  // Below both doors and commands: how a file gets onto the disk.
  disk: ['early-end.ts', 'node:'],
  codes: [],
  deflate: ['node:zlib'],
  oci: ['node:crypto'],
  kubernetes: ['oci', 'js-yaml', 'yaml', 'kubernetes-types'],
  'bundle/format': ['oci', 'finding.ts', 'node:crypto', 'node:util'],
  discovery: ['oci', 'kubernetes', 'kubernetes-types', 'finding.ts', 'node:zlib'],
  bundle: ['oci', 'kubernetes', 'bundle/format', 'finding.ts', 'node:crypto', 'node:util', 'p-limit'],
  seed: [
    'oci',
    'kubernetes',
    'kubernetes-types',
    'bundle/format',
    'finding.ts',
    'finding-codes.ts',
    'node:crypto',
    'node:util',
  ],
  audit: ['oci', 'kubernetes', 'kubernetes-types', 'bundle/format', 'finding.ts', 'finding-codes.ts', 'node:crypto'],
  signatures: [
    'oci',
    'kubernetes',
    'bundle/format',
    'finding.ts',
    'node:crypto',
    '@sigstore/bundle',
    '@sigstore/core',
    '@sigstore/protobuf-specs',
    '@sigstore/verify',
    'p-limit',
  ],
  registry: ['oci', 'duration.ts', 'node:', 'smol-toml', 'undici'],
  layout: ['oci', 'deflate', 'disk', 'tools', 'early-end.ts', 'bundle/format', 'finding.ts', 'node:', 'tar-stream'],
  server: ['oci', 'disk', 'bundle/format', 'finding.ts', 'node:', 'p-limit'],
  // Below both doors and commands: the user's own programs.
  tools: ['node:'],
  cluster: ['kubernetes', 'kubernetes-types', 'tools', 'early-end.ts', 'node:'],
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
    'signatures',
    'tools',
    'oci',
    'kubernetes',
    'kubernetes-types',
    'duration.ts',
    'finding-codes.ts',
    'finding.ts',
    'node:',
    '@oclif/core',
    'cli-progress',
    'fast-string-truncated-width',
    'semver',
    'yaml',
  ],
}

/** Floors of the house, the lowest first: imports go down, never up, and never to another room of the same floor. */
const FLOORS: readonly (readonly string[])[] = [
  ['oci', 'disk', 'tools', 'codes', 'deflate'],
  ['kubernetes', 'bundle/format'],
  ['discovery', 'bundle', 'seed', 'audit', 'signatures', 'registry', 'layout', 'server', 'cluster'],
  ['cli'],
  ['demo'],
]

/** Words that every room may use. */
const ANYWHERE = new Set(['errors.ts', 'plural.ts', 'quote.ts'])

const MAX_FILES = 12
/** Folders that hold more, and why. */
const LARGE_FOLDERS: Record<string, string> = {
  commands: 'one file a command, which oclif finds by its name',
}

const MAX_LINES = 250

const IMPORT = /^(?:import|export)\b[^'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)/gm

const TYPE = /^export (?:abstract )?(?:interface|type|class) (\w+)/gm

/** Every file of src/ by its path below it, and its lines. */
const lines = new Map<string, number>()

/** Where the types and classes of each name are exported. */
const types = new Map<string, string[]>()

/** Each file of src/, and what it imports: files by their path below src/, packages by their name. */
const imports = new Map<string, string[]>()

beforeAll(async () => {
  for await (const path of glob('src/**/*.*')) {
    if (!(await stat(path)).isFile()) continue
    const source = await readFile(path, 'utf8')
    lines.set(path.slice('src/'.length), source.split('\n').length - 1)
    if (!path.endsWith('.ts')) continue
    const names = [...source.matchAll(IMPORT)].map(([, from, dynamic]) => from ?? dynamic ?? '')
    const file = path.slice('src/'.length)
    imports.set(
      file,
      names.map((name) => (name.startsWith('.') ? join(dirname(file), name) : name)),
    )
    for (const [, name = ''] of source.matchAll(TYPE)) types.set(name, [...(types.get(name) ?? []), file])
  }
})

test.for(Object.entries(MAY_IMPORT))('src/%s imports only what it may', ([room, allowed]) => {
  for (const [file, names] of imports) {
    if (roomOf(file) !== room) continue
    const foreign = names.filter((name) => {
      const other = roomOf(name)
      if (ANYWHERE.has(name) || other === room) return false
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

test('imports go down, never up or sideways between rooms of one floor', () => {
  expect(FLOORS.flat().toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted())
  const floorOf = (room: string) => FLOORS.findIndex((floor) => floor.includes(room))
  const climbs = Array.from(imports).flatMap(([file, names]) => {
    const room = roomOf(file)
    if (room === undefined) return []
    const others = names.filter((name) => ![undefined, room].includes(roomOf(name)))
    return others.filter((name) => floorOf(roomOf(name) ?? '') >= floorOf(room)).map((name) => `${file} -> ${name}`)
  })
  expect(climbs).toEqual([])
})

test('files do not import one another in circles, types included', () => {
  expect(cyclesIn(imports)).toEqual([])
})

test('nor do the folders of a room', () => {
  const folders = new Map<string, string[]>()
  for (const [file, names] of imports) {
    const foreign = names.filter((name) => imports.has(name) && dirname(name) !== dirname(file)).map(dirname)
    folders.set(dirname(file), [...(folders.get(dirname(file)) ?? []), ...foreign])
  }
  expect(cyclesIn(folders)).toEqual([])
})

test(`no folder holds more than ${MAX_FILES} files, unless it is said why`, () => {
  const folders = Map.groupBy(lines.keys(), dirname)
  const large = [...folders].filter(([folder, files]) => folder !== '.' && files.length > MAX_FILES)
  expect(large.map(([folder]) => folder).sort()).toEqual(Object.keys(LARGE_FOLDERS).sort())
})

test(`no file has more than ${MAX_LINES} lines`, () => {
  const long = [...lines].filter(([, count]) => count > MAX_LINES).map(([file]) => file)
  expect(long).toEqual([])
})

test('no two exported types or classes share a name', () => {
  const shared = [...types].filter(([, files]) => files.length > 1)
  expect(shared.map(([name, files]) => `${name}: ${files.join(', ')}`)).toEqual([])
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
