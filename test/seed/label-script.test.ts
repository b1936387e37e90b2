import { execFile } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderLabelScript } from '../../src/seed/output/label-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A kubectl that answers `get pods` with what the API would, and writes down what else it was asked. */
const KUBECTL = `#!/bin/sh
case $* in
  *'get pods --all'*) printf '{"shop.nodeseed.dev/held":"seeded"}' ;;
  *'get deployments'*) printf '{"disk":"ssd"}' ;;
  *'get pods'*) printf 'ready-1 0123 True\\nstarting-1 0123 False\\nready-10 0123 True\\nstale-1 4567 True\\n' ;;
  *'get node'*) printf '{"a/b":"c","shop.nodeseed.dev/old":"seeded","shop.nodeseed.dev/held":"seeded","shop.nodeseed.dev/new":"seeded"}' ;;
esac
printf '%s\\n' "$*" >>"$LOG"
`

async function runScript(args: string[]): Promise<{ code: unknown; stderr: string; asked: string[] }> {
  const directory = await temporaryDirectory()
  const [kubectl, script, log] = ['kubectl', 'labels.sh', 'log'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(kubectl, KUBECTL)
  await chmod(kubectl, 0o755)
  const nodes = ['ready-1', 'starting-1', 'absent-1', 'stale-1'].map((node) => ({
    node,
    setDigest: '0123',
    labels: ['shop.nodeseed.dev/new=seeded', 'shop.nodeseed.dev/two=seeded'],
  }))
  await writeFile(script, renderLabelScript({ namespace: 'nodeseed', prefix: 'shop.nodeseed.dev', nodes }))
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    const env = { ...process.env, KUBECTL: kubectl, LOG: log }
    execFile('sh', [script, ...args], { env }, (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }))
  })
  return { code, stderr, asked: (await readFile(log, 'utf8').catch(() => '')).trim().split('\n') }
}

const LABELLED = 'label --overwrite node ready-1 shop.nodeseed.dev/new=seeded shop.nodeseed.dev/two=seeded'

test('only nodes whose seeding pod of this set is ready get the labels; the others are named, exit code 4', async () => {
  const { code, stderr, asked } = await runScript([])
  expect(code).toBe(4)
  expect(stderr).toBe(['starting-1', 'absent-1', 'stale-1'].map((node) => `not seeded yet: node ${node}\n`).join(''))
  expect(asked[0]).toContain('--namespace nodeseed get pods --selector nodeseed.dev/set')
  expect(asked.slice(1)).toEqual([LABELLED])
})

test('--prune takes labels of earlier sets away by which nobody selects nodes, and no others', async () => {
  const { asked, stderr, code } = await runScript(['--prune'])
  expect(asked.filter((call) => call.startsWith('label') || call.startsWith('get node'))).toEqual([
    LABELLED,
    'get node ready-1 --output jsonpath={.metadata.labels}',
    'label node ready-1 shop.nodeseed.dev/old-',
  ])
  expect(stderr).toContain('stays, as nodes are selected by it: shop.nodeseed.dev/held on node ready-1\n')
  expect(code).toBe(4)
})

test.for([['--prun'], ['--help'], ['--prune', 'worker-1']])(
  'nothing is labelled where %j is asked for',
  async (args) => {
    expect(await runScript(args)).toEqual({ code: 2, stderr: 'usage: labels.sh [--prune]\n', asked: [''] })
  },
)
