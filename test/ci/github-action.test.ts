import { createHash, sign } from 'node:crypto'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { makeKeyPair, type SigningKeyPair } from '../../src/bundle/format/signature.ts'
import { demoContent } from '../../src/demo/images.ts'
import { startServer } from '../server/running-server.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { type ServedFiles, serveFiles } from '../support/served-files.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { runAction } from './action-steps.ts'
import { githubErrors } from './github-parser.ts'
import { moveTag } from './moved-tag.ts'

const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
const FILE = `nodeseed-linux-${process.arch}`

const actionTest = testWith(['openssl'])

test('action.yml is an action, by the parser of GitHub', async () => {
  const content = await readFile('action.yml', 'utf8')
  expect(githubErrors('action', content)).toEqual([])
  expect(githubErrors('action', content.replace('shell: bash', 'shel: bash'))).not.toEqual([])
  expect(githubErrors('action', content.replace('inputs.version', 'nothing.version'))).not.toEqual([])
})

test('the workflow of docs/ci.md is one, and gives the action what it takes', async () => {
  const [, workflow = ''] = /^```yaml\n(name:[\s\S]*?)^```$/m.exec(await readFile('docs/ci.md', 'utf8')) ?? []
  expect(githubErrors('workflow', workflow)).toEqual([])
  const { jobs } = parse(workflow) as { jobs: Record<string, { steps: { uses: string; with?: object }[] }> }
  const steps = Object.values(jobs).flatMap((one) => one.steps)
  const given = steps.filter(({ uses }) => uses.startsWith('nodeseed/')).flatMap((step) => Object.keys(step.with ?? {}))
  const { inputs } = parse(await readFile('action.yml', 'utf8')) as { inputs: object }
  expect(given.length).toBeGreaterThan(3)
  expect(given.filter((name) => !(name in inputs))).toEqual([])
})

actionTest('it installs the release of its own tag, and asks whether tags have moved', async () => {
  const { content, run, workspace, mirror } = await job()
  for (const name of ['nodeseed.lock', 'second.lock']) {
    const made = await runCli(['lock', 'manifests', '--mirror', mirror, '-o', name], { cwd: workspace })
    expect(made.exitCode).toBe(0)
  }
  const lock = { check: 'nodeseed.lock\n\nsecond.lock' }
  expect(await run(lock)).toMatchObject({ code: 0, outputs: { version, drift: 'false' } })
  moveTag(content)
  const moved = await run(lock)
  expect(moved).toMatchObject({ code: 4, outputs: { drift: 'true' } })
  expect(moved.said).toContain('~ registry.example.com/shop/web:1.4 sha256:')
  expect(await run({ ...lock, 'fail-on-drift': 'false' })).toMatchObject({ code: 0, outputs: { drift: 'true' } })
})

actionTest('it bundles what is named, signs it, and verifies it with the public half', async () => {
  const { run, keys, workspace, temporary } = await job()
  await writeFile(join(workspace, 'team.pub'), keys.publicKey)
  const named = { bundle: 'a shop.tar', inputs: 'manifests\nmanifests/shop.yaml', flags: '--platform=linux/amd64\n' }
  const given = { ...named, key: keys.privateKey, 'public-key': 'team.pub' }
  const { code, said } = await run(given)
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('every byte is as its digest says') })
  expect(said).toContain('signed')
  expect(said).not.toContain('PRIVATE')
  expect((await readdir(temporary)).filter((name) => name.startsWith('key'))).toEqual([])

  const foreign = { ...given, bundle: 'other.tar', key: makeKeyPair().privateKey }
  expect((await run(foreign)).code).toBe(4)
})

actionTest.for<[what: string, given: Record<string, string>, code: number, says: string]>([
  ['no key, which a fork is not given', { bundle: 'x.tar', inputs: 'manifests' }, 2, 'no key to sign with'],
  ['a lock that is not there', { check: 'none.lock' }, 2, 'none.lock: no such file'],
  ['locks that are no names', { check: '\n' }, 2, 'check names no lock'],
  ['what starts as a flag', { check: '--help' }, 2, '--help: no such file'],
  ['an image that cannot be had', { bundle: 'x.tar', inputs: 'gone.yaml', sign: 'false' }, 3, 'shop/gone:1'],
  ['another directory', { check: 'nodeseed.lock', 'working-directory': 'manifests' }, 2, 'no such file'],
  ['a version that is nowhere', { version: '9.9.9' }, 3, '/v9.9.9/SHA256SUMS cannot be had'],
])('%s ends it', async ([, given, code, says]) => {
  const { run } = await job()
  expect(await run(given)).toMatchObject({ code, said: expect.stringContaining(says) })
})

actionTest.for<[what: string, change: (files: ServedFiles, keys: SigningKeyPair) => void, says: string]>([
  ['an executable of other bytes', (files) => files.set(`/v${version}/${FILE}`, 'other'), 'not what SHA256SUMS says'],
  ['sums that were changed', (files) => files.set(`/v${version}/SHA256SUMS`, 'other'), 'is not signed with'],
  ['sums of another key', (files) => publish(files, version, makeKeyPair()), 'is not signed with'],
  ['an older release in its place', (files, keys) => publish(files, version, keys, '0.0.1'), 'has "nodeseed/0.0.1'],
  ['sums that lack it', (files, keys) => publish(files, version, keys, version, 'x'), 'not what SHA256SUMS says'],
])('%s: nothing is installed', async ([, change, says]) => {
  const { run, releases, keys } = await job()
  change(releases, keys)
  const { code, said } = await run({})
  expect({ code, said }).toEqual({ code: 4, said: expect.stringContaining(says) })
})

/** A job in a checkout with manifests and their locks, a registry, and a place where releases lie. */
async function job() {
  const home = await temporaryDirectory()
  const [workspace = '', actionPath = '', temporary = ''] = ['checkout', 'action', 'runner'].map((name) =>
    join(home, name),
  )
  const content = await demoContent()
  const mirror = `registry.example.com=${await startServer(content)}/registry.example.com`
  await mkdir(actionPath, { recursive: true })
  await cp('package.json', join(actionPath, 'package.json'))
  const keys = makeKeyPair()
  await writeFile(join(actionPath, 'release.pub'), keys.publicKey)
  await cp('examples/demo/shop.yaml', join(workspace, 'manifests/shop.yaml'))
  await writeFile(
    join(workspace, 'gone.yaml'),
    'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: x, image: "registry.example.com/shop/gone:1"}]}\n',
  )
  const releases: ServedFiles = new Map()
  publish(releases, version, keys)
  const address = await serveFiles(releases)
  const env = { NODESEED_MIRROR: mirror }
  const run = (given: Record<string, string>) =>
    runAction({ releases: address, ...given }, { workspace, actionPath, temporary, env })
  return { content, run, releases, keys, workspace, temporary, mirror }
}

/** The files of a release, signed; its executable is the built program. */
function publish(files: ServedFiles, tag: string, keys: SigningKeyPair, says = tag, name = FILE): void {
  const real = `exec "${process.execPath}" "${resolve('bin/run.js')}" "$@"`
  const executable = `#!/bin/sh\n${says === version ? real : `echo "nodeseed/${says} linux"`}\n`
  const sums = `${createHash('sha256').update(executable).digest('hex')}  ${name}\n`
  files.set(`/v${tag}/${FILE}`, executable)
  files.set(`/v${tag}/SHA256SUMS`, sums)
  files.set(`/v${tag}/SHA256SUMS.sig`, sign('sha256', Buffer.from(sums), keys.privateKey).toString('base64'))
}
