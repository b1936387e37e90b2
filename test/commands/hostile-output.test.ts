import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { PROGRAM, runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Clears the screen, sets the title, forges a line, turns the reading order, hides what follows, rings. */
const EVIL = '\u001b[2J\u001b]0;owned\u0007\rOK\u202e\u2066\u009b31m\u0000\u007f\u2028'
const QUOTED = JSON.stringify(EVIL)
const NAME = `evil${EVIL.replaceAll('\u0000', '').replaceAll('/', '')}.yaml`

/** What must never reach a terminal; line breaks and tabs lay text out. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

const POD = `apiVersion: v1
kind: ${QUOTED}
metadata: { name: ${QUOTED} }
---
apiVersion: v1
kind: Pod
metadata: { name: ${QUOTED}, namespace: ${QUOTED} }
spec:
  nodeSelector: { ${QUOTED}: ${QUOTED} }
  schedulerName: ${QUOTED}
  containers:
    - { name: ${QUOTED}, image: "quay.io/a/b:1", imagePullPolicy: ${QUOTED} }
    - { name: b, image: ${QUOTED} }
    - { name: c, image: "quay.io/a/c" }
---
apiVersion: x/v1
kind: Database
metadata: { name: ${QUOTED} }
spec: { image: "quay.io/a/d:1", toolImage: ${QUOTED} }
---
broken: {{ ${EVIL.replaceAll('\u0000', '')} }}: x
`
const DIGEST = `sha256:${'ab'.repeat(32)}`
const LOCKED = { mediaType: `t${EVIL}`, digest: DIGEST, size: 1 }
const LOCK = {
  version: 1,
  images: [{ reference: `quay.io/a/b${EVIL}:1`, names: [`quay.io/a/b${EVIL}:1`], target: LOCKED, platforms: [] }],
}
const NODE = {
  metadata: { name: `n${EVIL}`, labels: { [EVIL]: EVIL } },
  spec: { taints: [{ key: EVIL, value: EVIL, effect: 'NoSchedule' }] },
  status: { images: [{ names: [EVIL], sizeBytes: 1 }], nodeInfo: { containerRuntimeVersion: EVIL, osImage: EVIL } },
}
const PLACEMENT = { namespace: EVIL, bundlePath: EVIL, sets: [], nodes: [{ node: EVIL, sets: [EVIL] }], workloads: [] }

/** What each command is given; files are those of `files()`. */
const CALLS: Record<string, string[][]> = {
  scan: [['IN'], ['IN', '--format', 'images'], ['IN', '--why', 'quay.io/a/b'], [EVIL], ['IN', '--why', EVIL]],
  lock: [
    ['IN', '-o', 'OUT'],
    ['evil.lock', '-o', 'OUT', '--idle-timeout', '1s'],
    ['--image', EVIL, '-o', 'OUT'],
  ],
  bundle: [
    ['IN', '-o', 'OUT'],
    ['evil.lock', '-o', 'OUT', '--retries', '0'],
    ['IN', '--split', EVIL, '-o', 'OUT'],
  ],
  patch: [
    ['IN', '--policy', 'Never'],
    ['IN', '--placement', 'PLACED', '-o', 'OUT'],
  ],
  seed: [
    ['evil.lock', '--nodes', 'nodes.json', '-o', 'OUT', 'IN'],
    ['IN', '--nodes', 'nodes.json', '-o', 'OUT'],
  ],
  audit: [
    ['IN', '--nodes', 'nodes.json'],
    ['IN', '--nodes', 'nodes.json', '--bundle', 'evil.lock', '--assume-seeded'],
  ],
  diff: [
    ['evil.lock', 'other.lock'],
    ['other.lock', 'evil.lock'],
    ['evil.lock', 'IN'],
  ],
  inspect: [['evil.lock'], ['IN']],
  verify: [['evil.lock'], [EVIL]],
  merge: [['evil.lock', '-o', 'OUT']],
  extract: [
    ['evil.lock', EVIL, '-o', 'OUT'],
    ['evil.lock', '-o', EVIL],
  ],
  label: [['PLACED', '--kubectl', 'false'], ['IN']],
  load: [['evil.lock', EVIL]],
  push: [
    ['evil.lock', EVIL],
    ['IN', 'registry.invalid'],
  ],
  serve: [
    ['evil.lock', '--listen', '127.0.0.1:0'],
    ['evil.lock', '--listen', EVIL],
  ],
  keygen: [['-o', `no/such/${EVIL}`]],
  controller: [
    ['--listen', EVIL, '--server', 'http://127.0.0.1:1'],
    ['--in-cluster', 'OUT', '--sandbox-image', EVIL],
  ],
  completion: [[EVIL]],
  explain: [[EVIL]],
  demo: [['--output', 'IN']],
}

test('every command is tried', () => {
  const commands = globSync('src/commands/*.ts').map((file) => basename(file, '.ts'))
  expect(commands.filter((command) => !(command in CALLS))).toEqual([])
})

const LINES = Object.entries(CALLS).flatMap(([command, calls]) => calls.map((args) => [command, ...args]))

test.for(LINES.map((args) => [JSON.stringify(args).slice(0, 90), args] as const))(
  'no control character of hostile names reaches the terminal: %s',
  async ([, args]) => {
    const at = await files()
    // A command line cannot hold a zero byte.
    const words = args.map((word) => at[word] ?? word.replaceAll('\u0000', ''))
    const { exitCode, stdout, stderr } = await runCli(words, { env: { NODESEED_MIRROR: '' } })
    expect(`${stdout}${stderr}`, 'something was said').not.toBe('')
    // The manifests that patch prints are for programs: exact, but at a terminal.
    if (args[0] !== 'patch') expect(FORBIDDEN.exec(stdout)?.[0]).toBeUndefined()
    expect(FORBIDDEN.exec(stderr)?.[0]).toBeUndefined()
    expect(exitCode, stderr).not.toBe(1)
  },
)

test.for(Object.entries(CALLS).map(([command, [args = []]]) => [command, ...args]))(
  'nor does its JSON: %s',
  async (args) => {
    const at = await files()
    const words = args.map((word) => at[word] ?? word.replaceAll('\u0000', ''))
    const { exitCode, stdout } = await runCli([...words, '--json'], { env: { NODESEED_MIRROR: '' } })
    expect(FORBIDDEN.exec(stdout)?.[0]).toBeUndefined()
    expect(JSON.parse(stdout)).toBeTypeOf('object')
    expect(exitCode, stdout).not.toBe(1)
  },
)

test('at a terminal what patch prints is printable too', async () => {
  const { IN = '' } = await files()
  const line = [process.execPath, PROGRAM, 'patch', `${IN}/*.yaml`, '--policy', 'Never', '--color', 'never'].join(' ')
  const { stdout } = await promisify(execFile)('script', ['-qc', line, '/dev/null'])
  expect(stdout).toContain('kind: Pod')
  expect(FORBIDDEN.exec(stdout.replaceAll('\r\n', '\n'))?.[0]).toBeUndefined()
})

test('JSON says it exactly', async () => {
  const { IN = '', 'evil.lock': evil = '' } = await files()
  const { stdout } = await runCli(['scan', IN, '--json'])
  expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(NAME).slice(1, -1))
  // A lock that has such a name is none, and its error says so in signs that can be shown.
  const refused = await runCli(['inspect', evil, '--json'])
  expect(JSON.parse(refused.stdout).error.message).toMatch(/^[^\p{Cc}\p{Cf}]+$/u)
})

async function files(): Promise<Record<string, string>> {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await writeFile(at('other.lock'), JSON.stringify({ version: 1, images: [] }))
  await writeFile(at('evil.lock'), JSON.stringify(LOCK))
  await writeFile(at('nodes.json'), JSON.stringify({ kind: 'List', items: [NODE] }))
  await mkdir(at('in'))
  await writeFile(join(directory, 'in', NAME), POD)
  await mkdir(at('placed'))
  await writeFile(at('placed/placement.json'), JSON.stringify(PLACEMENT))
  expect(await readFile(join(directory, 'in', NAME), 'utf8')).toBe(POD)
  const names = ['other.lock', 'evil.lock', 'nodes.json']
  return {
    IN: at('in'),
    OUT: at('out'),
    PLACED: at('placed'),
    ...Object.fromEntries(names.map((name) => [name, at(name)])),
  }
}
