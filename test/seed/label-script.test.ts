import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { renderLabelScript } from '../../src/seed/label-script.ts'

/** A kubectl that answers `get pods` with what the API would, and writes down what else it was asked. */
const KUBECTL = `#!/bin/sh
case $* in
  *'get pods'*) printf 'ready-1 True\\nstarting-1 False\\nready-10 True\\n' ;;
esac
printf '%s\\n' "$*" >>"$LOG"
`

test('only nodes whose seeding pod of this set is ready get the label; the others are named, exit code 4', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const [kubectl, script, log] = ['kubectl', 'labels.sh', 'log'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(kubectl, KUBECTL)
  await chmod(kubectl, 0o755)
  const label = { key: 'shop.nodeseed.dev/0123456789abcdef', value: 'seeded' }
  const nodes = ['ready-1', 'starting-1', 'absent-1']
  await writeFile(script, renderLabelScript({ namespace: 'nodeseed', setDigest: '0123456789abcdef', label, nodes }))
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    const env = { ...process.env, KUBECTL: kubectl, LOG: log }
    execFile('sh', [script], { env }, (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }))
  })
  expect({ code, stderr }).toEqual({
    code: 4,
    stderr: 'not seeded yet: node starting-1\nnot seeded yet: node absent-1\n',
  })
  const [asked, ...labelled] = (await readFile(log, 'utf8')).trim().split('\n')
  expect(asked).toContain('--namespace nodeseed get pods --selector nodeseed.dev/set=0123456789abcdef')
  expect(labelled).toEqual(['label --overwrite node ready-1 shop.nodeseed.dev/0123456789abcdef=seeded'])
})
