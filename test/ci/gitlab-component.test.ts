import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { makeKeyPair } from '../../src/bundle/format/signature.ts'
import { demoContent } from '../../src/demo/images.ts'
import { startServer } from '../server/running-server.ts'
import { runCli } from '../support/cli.ts'
import { testWith, toolEnvironment } from '../support/debian.ts'
import { startNpmRegistry } from '../support/npm-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { moveTag } from './moved-tag.ts'

const exec = promisify(execFile)
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
const RUNNER = fileURLToPath(import.meta.resolve('gitlab-ci-local'))

const componentTest = testWith(['rsync'])

componentTest('on a schedule it asks whether tags have moved, and ends with 4 if one has', async () => {
  const { content, mirror, pipeline, workspace } = await project({ locks: 'nodeseed.lock\nsecond.lock' })
  for (const name of ['nodeseed.lock', 'second.lock']) {
    const made = await runCli(['lock', 'manifests', '--mirror', mirror, '-o', name], { cwd: workspace })
    expect(made.exitCode).toBe(0)
  }
  const night = await pipeline('schedule')
  expect(night).toMatchObject({ code: 0, said: expect.stringContaining('0 tags moved') })
  expect(night.said).not.toContain('nodeseed-bundle')
  moveTag(content)
  const { code, said } = await pipeline('schedule')
  // The runner of GitLab hands on the job's own code; this one says it, and ends with 1.
  expect(code).toBe(1)
  expect(said).toMatch(/nodeseed-check +finished in .* FAIL 4/)
  expect(said).toContain('~ registry.example.com/shop/web:1.4 sha256:')
})

componentTest('on the default branch it bundles, signs with the key of a variable, and verifies', async () => {
  const { pipeline, keys, workspace } = await project({
    ...{ bundle: 'shop.tar', inputs: 'manifests', flags: '--platform=linux/amd64', 'public-key': 'team.pub' },
  })
  await writeFile(join(workspace, 'team.pub'), keys.publicKey)
  await writeFile(join(workspace, 'team.key'), keys.privateKey)
  const without = await pipeline('push')
  expect(without).toMatchObject({ code: 1, said: expect.stringContaining('NODESEED_KEY is not set') })
  const signed = await pipeline('push', { NODESEED_KEY: 'team.key' })
  expect(signed).toMatchObject({ code: 0, said: expect.stringContaining('every byte is as its digest says') })
  expect(signed.said).not.toContain('nodeseed-check')
  await exec('git', ['clean', '--force', '--quiet', '*.tar'], { cwd: workspace })
  await writeFile(join(workspace, 'team.key'), makeKeyPair().privateKey)
  expect(await pipeline('push', { NODESEED_KEY: 'team.key' })).toMatchObject({ code: 1 })
})

componentTest('the schema of GitLab has something against a component with a wrong word', async () => {
  const { pipeline, workspace } = await project({})
  const file = join(workspace, 'templates/nodeseed.yml')
  await writeFile(file, (await readFile(file, 'utf8')).replace('expire_in:', 'expires:'))
  expect(await pipeline('push', {}, ['--list'])).toMatchObject({ code: 1, said: expect.stringContaining('expires') })
})

componentTest('the pipeline of docs/ci.md has the jobs that the page tells of', async () => {
  const { pipeline, workspace } = await project({})
  const page = await readFile('docs/ci.md', 'utf8')
  const [, text = ''] = /^```yaml\n(include:[\s\S]*?)^```$/m.exec(page) ?? []
  const local = text.replace(/component: \S+/, 'local: templates/nodeseed.yml')
  expect(local).not.toBe(text)
  await writeFile(join(workspace, '.gitlab-ci.yml'), local)
  const { code, said } = await pipeline('schedule', {}, ['--list-all'])
  expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/^nodeseed-check .* on_success +\[4\]/m) })
})

/** A project that includes the component, in a directory where GitLab's jobs can run, with a registry for images and npm's. */
async function project(inputs: Readonly<Record<string, string>>) {
  const workspace = await temporaryDirectory()
  const content = await demoContent()
  const mirror = `registry.example.com=${await startServer(content)}/registry.example.com`
  const prefix = join(workspace, '.npm-prefix')
  await mkdir(join(prefix, 'bin'), { recursive: true })
  await cp('templates', join(workspace, 'templates'), { recursive: true })
  await cp('examples/demo/shop.yaml', join(workspace, 'manifests/shop.yaml'))
  const include = [{ local: 'templates/nodeseed.yml', inputs: { version, ...inputs } }]
  await writeFile(join(workspace, '.gitlab-ci.yml'), JSON.stringify({ include }))
  const git = (...args: string[]) => exec('git', args, { cwd: workspace })
  await git('init', '--quiet', '--initial-branch', 'main')
  await git('remote', 'add', 'origin', 'https://gitlab.example.com/team/shop.git')
  await git('add', '--all')
  await git('-c', 'user.name=tester', '-c', 'user.email=tester@example.com', 'commit', '--quiet', '--message', 'all')
  await git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main')
  const tools = toolEnvironment()
  const env = {
    ...{ ...tools, HOME: workspace, PATH: [join(prefix, 'bin'), tools.PATH].join(delimiter) },
    ...{ npm_config_registry: await startNpmRegistry(), npm_config_prefix: prefix, NODESEED_MIRROR: mirror },
  }
  const pipeline = (source: string, variables: Readonly<Record<string, string>> = {}, args: string[] = []) => {
    const given = Object.entries({ CI_PIPELINE_SOURCE: source, ...variables }).flatMap(([name, value]) => [
      ...['--variable', `${name}=${value}`],
    ])
    return runPipeline(['--force-shell-executor', '--no-color', ...args, ...given], workspace, env)
  }
  return { content, mirror, pipeline, workspace, keys: makeKeyPair() }
}

function runPipeline(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  return new Promise<{ code: number; said: string }>((done) => {
    execFile(process.execPath, [RUNNER, ...args], { cwd, env }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? 1) : 0, said: stdout + stderr })
    })
  })
}
