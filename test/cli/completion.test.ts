import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Config } from '@oclif/core'
import { beforeAll, expect, test } from 'vitest'
import { type CompletedCommand, candidates } from '../../src/cli/completion/candidates.ts'
import { SHELL_SCRIPTS } from '../../src/cli/completion/shell-scripts.ts'
import { PROGRAM } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let commands: readonly CompletedCommand[]

beforeAll(async () => {
  const config = await Config.load({ root: process.cwd() })
  commands = config.commands as unknown as CompletedCommand[]
})

const LOOKUP = {
  nodes: async (file: string) => (file === 'nodes.json' ? ['worker-1', 'worker-2'] : []),
  images: async (file: string) => (file === 'shop.tar' ? ['r.example/shop/web:1', 'r.example/shop/db:2'] : []),
  codes: async () => ['POLICY_ALWAYS', 'PLATFORM_INVALID'],
  methods: async () => ['k3s', 'kind', 'talos'],
}

test.for<[line: string, expected: string[]]>([
  ['sc', ['scan']],
  ['help veri', ['verify']],
  ['scan --form', ['--format']],
  ['scan --format ', ['images', 'table']],
  ['scan --format=t', ['--format=table']],
  ['scan -o j', ['json']],
  ['scan --comments ', []],
  ['scan manifests', []],
  ['lock --platform linux/arm', ['linux/arm/v7', 'linux/arm64']],
  ['lock -f a.yaml --policy N', ['Never']],
  ['seed shop.tar --nodes nodes.json --method k', ['k3s', 'kind']],
  ['seed shop.tar --nodes nodes.json --method worker-', ['worker-1=', 'worker-2=']],
  ['seed shop.tar --nodes no.json --method worker-', []],
  ['audit a.yaml --nodes=nodes.json --images w', ['worker-1=', 'worker-2=']],
  ['load shop.tar r.example/shop/w', ['r.example/shop/web:1']],
  ['load ', []],
  ['load --namespace k8s.io shop.tar r.example/shop/d', ['r.example/shop/db:2']],
  ['explain POL', ['POLICY_ALWAYS']],
  ['completion ', ['bash', 'fish', 'zsh']],
  ['nosuch ', []],
])('nodeseed %s: %j', async ([line, expected]) => {
  expect(await candidates(line.split(' '), commands, LOOKUP)).toEqual(expected)
})

/** A directory with the program under its name, the script of each shell, and a list of nodes. */
async function withScripts(): Promise<{ directory: string; env: Record<string, string> }> {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'nodeseed'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`, {
    mode: 0o755,
  })
  for (const [shell, script] of Object.entries(SHELL_SCRIPTS)) await writeFile(join(directory, shell), script)
  return { directory, env: { PATH: `${directory}:${process.env.PATH}`, HOME: directory } }
}

const BASH = (line: string, ...words: string[]) => `
. ./bash
COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(${words.join(' ')}) COMP_CWORD=${words.length - 1}
_nodeseed; printf '%s\\n' "\${COMPREPLY[@]}"`

testWith(['bash'])('bash completes values, and what stands behind : and =', async () => {
  const { directory, env } = await withScripts()
  const complete = async (line: string, ...words: string[]) =>
    (await runTool('bash', ['-c', BASH(line, ...words)], { cwd: directory, env })).stdout.trim().split('\n')
  expect(await complete('nodeseed ser', 'nodeseed', 'ser')).toEqual(['serve'])
  expect(await complete('nodeseed scan --format=ta', 'nodeseed', 'scan', '--format', '=', 'ta')).toEqual(['table'])
  expect(await complete('nodeseed scan ', 'nodeseed', 'scan', "''")).toEqual([''])
})

testWith(['zsh'])('zsh is given the same words, and names of files where there are none', async () => {
  const { directory, env } = await withScripts()
  const complete = async (...words: string[]) => {
    const program = `compadd() { shift; print -l -- "$@" }; _files() { print FILES }; compdef() { : }
. ./zsh; words=(nodeseed ${words.join(' ')}); CURRENT=${words.length + 1}; _nodeseed`
    return (await runTool('zsh', ['-f', '-c', program], { cwd: directory, env })).stdout.trim().split('\n')
  }
  expect(await complete('scan', '--format', "''")).toEqual(['images', 'table'])
  expect(await complete('scan', "''")).toEqual(['FILES'])
})

testWith(['fish'])('fish completes commands and values', async () => {
  const { directory, env } = await withScripts()
  const complete = async (line: string) => {
    const call = ['--no-config', '-c', `source ./fish; complete -C '${line}'`]
    return (await runTool('fish', call, { cwd: directory, env })).stdout.trim().split('\n')
  }
  expect(await complete('nodeseed ser')).toEqual(['serve'])
  expect(await complete('nodeseed scan --format ')).toEqual(['images', 'table'])
})
