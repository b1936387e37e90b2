import { glob, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

/** What each folder of src/ may import besides itself and errors.ts. The picture is in README.md. */
const MAY_IMPORT: Record<string, string[]> = {
  oci: ['node:crypto'],
  kubernetes: ['oci/', 'js-yaml', 'yaml', 'kubernetes-types/'],
  discovery: ['oci/', 'kubernetes/', 'kubernetes-types/', 'inventory.ts', 'finding.ts'],
  bundle: ['oci/', 'kubernetes/', 'inventory.ts', 'finding.ts', 'node:crypto', 'node:util', 'p-limit'],
  seed: ['oci/', 'kubernetes/', 'kubernetes-types/', 'inventory.ts', 'seed-set.ts', 'finding.ts', 'node:crypto'],
  audit: ['oci/', 'kubernetes/', 'kubernetes-types/', 'inventory.ts', 'seed-set.ts', 'finding.ts', 'node:crypto'],
  registry: ['oci/', 'duration.ts', 'node:', 'smol-toml', 'undici'],
  layout: ['oci/', 'inventory.ts', 'finding.ts', 'node:', 'tar-stream'],
  server: ['oci/', 'inventory.ts', 'finding.ts', 'node:'],
  cluster: ['kubernetes/', 'kubernetes-types/', 'node:'],
  // The whole path in one place: it opens the doors as commands do.
  demo: [
    'audit/',
    'bundle/',
    'cli/',
    'inventory.ts',
    'kubernetes-types/',
    'kubernetes/',
    'layout/',
    'node:',
    'oci/',
    'registry/',
    'seed-set.ts',
    'seed/',
    'server/',
    'tar-stream',
  ],
  // What commands share stands above decisions and doors, as they do.
  cli: [
    'audit/',
    'bundle/',
    'cluster/',
    'discovery/',
    'layout/',
    'registry/',
    'seed/',
    'server/',
    'oci/',
    'kubernetes/',
    'kubernetes-types/',
    'duration.ts',
    'inventory.ts',
    'finding.ts',
    'node:',
    '@oclif/core',
    'cli-progress',
  ],
}

const IMPORT = /^(?:import|export)\b[^'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)/gm

test.for(Object.entries(MAY_IMPORT))('src/%s imports only what it may', async ([folder, allowed]) => {
  for await (const file of glob(`src/${folder}/**/*.ts`)) {
    const source = await readFile(file, 'utf8')
    const imported = [...source.matchAll(IMPORT)].map(([, from, dynamic]) => from ?? dynamic ?? '')
    const foreign = imported
      .filter((name) => !name.startsWith('./'))
      .map((name) => name.replace(/^(?:\.\.\/)+/, ''))
      .filter((name) => name !== 'errors.ts' && !allowed.some((prefix) => name.startsWith(prefix)))
    expect(foreign, file).toEqual([])
  }
})

test('every folder of src/ but commands has a rule', async () => {
  const folders = new Set<string>()
  for await (const file of glob('src/*/**/*.ts')) folders.add(file.split('/')[1] ?? '')
  folders.delete('commands')
  expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([])
})

test('nothing imports a command', async () => {
  for await (const file of glob('src/**/*.ts')) {
    expect(await readFile(file, 'utf8'), file).not.toMatch(/from '[^']*commands\//)
  }
})
