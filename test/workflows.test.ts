import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { githubErrors } from './ci/github-parser.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILES = globSync('.github/workflows/*.yml', { cwd: ROOT }).sort()

interface Workflow {
  readonly permissions: unknown
  readonly jobs: Record<string, { steps?: { run?: string; uses?: string }[]; strategy?: { matrix?: Matrix } }>
}

interface Matrix {
  readonly node?: (string | number)[]
  readonly runner?: string[]
}

const { engines, scripts } = JSON.parse(read('package.json')) as {
  engines: { node: string }
  scripts: Record<string, string>
}

test.for(FILES)('%s is a workflow, by the parser of GitHub', (file) => {
  expect(githubErrors('workflow', read(file))).toEqual([])
  expect(githubErrors('workflow', read(file).replace('runs-on:', 'runs:'))).not.toEqual([])
})

test.for(FILES)('%s: the scripts and programs that it runs are there, and are shell', (file) => {
  const commands = stepsOf(file).flatMap(({ run }) => run ?? [])
  expect(commands.length).toBeGreaterThan(0)
  for (const command of commands) {
    const named = [...command.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
    const programs = [...command.matchAll(/\bnode ((?:bin|test)\/[\w./-]+)/g)].map(([, path = '']) => path)
    expect(programs.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    // The forge puts its values in before a shell sees the text.
    execFileSync('bash', ['-n'], { input: command.replaceAll(/\$\{\{.*?\}\}/g, 'value') })
  }
})

test.for(FILES)('%s: actions of others are pinned by commit, with their version beside it', (file) => {
  const uses = read(file)
    .split('\n')
    .filter((line) => /\buses:/.test(line) && !line.includes('uses: ./.github/'))
  expect(uses.length).toBe(stepsOf(file).filter((step) => step.uses).length)
  expect(uses.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([])
})

test.for(FILES)('%s: what a job may do beyond reading is said at the job', (file) => {
  expect((parse(read(file)) as Workflow).permissions).toEqual({ contents: 'read' })
})

test('the oldest Node that is promised is the one that public CI tests first, on both processors', () => {
  const oldest = engines.node.replace('>=', '')
  const { jobs } = parse(read('.github/workflows/ci.yml')) as Workflow
  expect(Object.keys(jobs)).toEqual(['test', 'installed'])
  for (const { strategy } of Object.values(jobs)) {
    expect(String(strategy?.matrix?.node?.[0])).toBe(`${oldest}.0`)
    expect(strategy?.matrix?.runner).toEqual(['ubuntu-24.04', 'ubuntu-24.04-arm'])
  }
})

test.for(['README.md', 'CONTRIBUTING.md'])('%s names the Node that package.json asks for', (page) => {
  const named = [...read(page).matchAll(/Node\.js (\d+(?:\.\d+)?)/g)].map(([, version]) => version)
  expect(new Set(named)).toEqual(new Set([engines.node.replace('>=', '')]))
})

function stepsOf(file: string): { run?: string; uses?: string }[] {
  return Object.values((parse(read(file)) as Workflow).jobs).flatMap(({ steps = [] }) => steps)
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}
