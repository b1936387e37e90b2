import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from './support/cli.ts'
import { checkSchema, SCHEMAS } from './support/schemas.ts'

const COMMANDS = globSync('src/commands/*.ts').map((file) => basename(file, '.ts'))

let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nodeseed-schemas-'))
  const { exitCode } = await runCli(['demo', '--output', join(directory, 'demo'), '--json'])
  expect(exitCode).toBe(0)
}, 120_000)

afterAll(() => rm(directory, { recursive: true }))

test('every command has a schema for what --json prints', () => {
  expect(COMMANDS.filter((command) => !SCHEMAS.has(command))).toEqual([])
})

test.for([...SCHEMAS.keys()])('schemas/%s.json: every property is described, and no other is allowed', (name) => {
  const gaps: string[] = []
  walk(SCHEMAS.get(name), name, (schema, path) => {
    if (!('properties' in schema)) return
    if (schema.additionalProperties !== false) gaps.push(`${path}: other properties are allowed`)
    for (const [key, property] of Object.entries(schema.properties as Record<string, object>)) {
      if (!('description' in property) && !('$ref' in property)) gaps.push(`${path}.${key}: no description`)
    }
  })
  expect(gaps).toEqual([])
})

test.for<[schema: string, file: string]>([
  ['lock-file', 'shop.lock'],
  ['placement', 'seed/placement.json'],
])('%s: the file that is written is as the schema says', async ([schema, file]) => {
  checkSchema(schema, JSON.parse(await readFile(join(directory, 'demo', file), 'utf8')))
})

test.for([
  ['scan', 'examples/demo/shop.yaml'],
  ['scan', 'examples/demo/shop.yaml', '--why', 'registry.example.com/shop/web'],
  ['audit', 'examples/demo/shop.yaml', '--nodes', 'examples/demo/nodes.yaml'],
  ['inspect', 'BUNDLE'],
  ['verify', 'BUNDLE'],
  ['diff', 'LOCK', 'BUNDLE'],
  ['merge', 'BUNDLE', '-o', 'OUT.tar'],
  ['bundle', 'LOCK', '--reuse', 'BUNDLE', '-o', 'OUT2.tar'],
  ['seed', 'BUNDLE', '--nodes', 'examples/demo/nodes.yaml', '-o', 'OUTSEED', 'examples/demo/shop.yaml'],
  ['patch', 'examples/demo/shop.yaml', '--policy', 'Never'],
  ['keygen', '-o', 'OUTKEY'],
  ['serve', 'nowhere.tar', '--in-cluster', 'OUTSERVE', '--sandbox-image', 'pause:3.9', '--claim', 'bundles'],
  ['controller', '--in-cluster', 'OUTCONTROL', '--sandbox-image', 'pause:3.9', '--bundle-path', '/b.tar'],
  ['explain'],
  ['completion', 'bash'],
  ['completion', '--words', 'sc'],
  ['explain', 'POLICY_ALWAYS'],
])('%j --json is as its schema says', async (words) => {
  const at: Record<string, string> = { BUNDLE: 'demo/shop.tar', LOCK: 'demo/shop.lock' }
  const args = words.map((word) => (at[word] || /^OUT/.test(word) ? join(directory, at[word] ?? word) : word))
  const { exitCode, stdout } = await runCli([...args, '--json'])
  expect([0, 4]).toContain(exitCode)
  expect(JSON.parse(stdout)).not.toHaveProperty('error')
})

test('the table of a bundle is as its schema says', async () => {
  const bundle = await readFile(join(directory, 'demo/shop.tar'), 'latin1')
  const begin = bundle.indexOf('{"version":1,"lock"')
  expect(begin).toBeGreaterThan(0)
  const text = bundle.slice(begin, bundle.indexOf('\0', begin))
  checkSchema('bundle-table', JSON.parse(text))
})

function walk(schema: unknown, path: string, visit: (schema: Record<string, unknown>, path: string) => void): void {
  if (typeof schema !== 'object' || schema === null) return
  if (!Array.isArray(schema)) visit(schema as Record<string, unknown>, path)
  // Conditions speak of properties that stand elsewhere.
  for (const [key, value] of Object.entries(schema)) if (key !== 'if') walk(value, `${path}/${key}`, visit)
}
