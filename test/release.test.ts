import { execFile } from 'node:child_process'
import { appendFile, cp, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { makeKeyPair } from '../src/bundle/format/signature.ts'
import { testWith, toolEnvironment } from './support/debian.ts'
import { temporaryDirectory } from './support/temporary.ts'

const exec = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NOT_COPIED = new Set(['.git', '.cache', 'node_modules', 'dist', 'release', 'oclif.manifest.json', 'test'])
/** All that a release itself reads and changes; a dry run makes the program too. */
const RELEASED = new Set(['', 'bin', 'package.json', 'package-lock.json'])
const THIS_YEAR = new Date().getUTCFullYear()

testWith(['openssl'])('a dry run makes and signs what a release publishes, and changes nothing', async () => {
  const project = await makeProject({ isWhole: true })
  const before = await project.git('rev-parse', 'HEAD')
  const { code, stdout } = await project.release('9.1.0', '--dry-run', '--arch', process.arch)
  expect(code).toBe(0)
  const binary = `nodeseed-linux-${process.arch}`
  for (const words of ['release: 9.1.0', 'tag v9.1.0', 'nodeseed-9.1.0.tgz', binary, 'Pods start sooner.']) {
    expect(stdout).toContain(words)
  }
  expect(stdout).not.toContain('would be refused')
  expect(await project.git('status', '--porcelain')).toBe('')
  expect(await project.git('rev-parse', 'HEAD')).toBe(before)
  expect(await project.git('tag')).toBe('')

  const cwd = join(project.directory, 'release/dry-run')
  expect((await readFile(join(cwd, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n')).toHaveLength(3)
  await rename(join(cwd, 'throwaway.pub'), join(cwd, 'release.pub'))
  const [, check = ''] = /^```sh\n(.*?)^```/ms.exec(await readFile(join(ROOT, 'SECURITY.md'), 'utf8')) ?? []
  const env = toolEnvironment()
  expect((await exec('bash', ['-euo', 'pipefail', '-c', check], { cwd, env })).stdout).toMatch(/^Verified OK\n.*: OK/)
  await appendFile(join(cwd, 'SHA256SUMS'), 'one byte more')
  await expect(exec('bash', ['-euo', 'pipefail', '-c', check], { cwd, env })).rejects.toMatchObject({
    stdout: 'Verification failure\n',
  })
  expect((await exec(join(cwd, binary), ['--version'])).stdout).toContain('nodeseed/9.1.0')
  const packed = await exec('tar', ['-xzOf', 'nodeseed-9.1.0.tgz', 'package/CHANGELOG.md'], { cwd })
  expect(packed.stdout).toMatch(new RegExp(`^## Unreleased\\n\\n## 9\\.1\\.0 \\(${THIS_YEAR}-`, 'm'))
})

test('a release is one commit with version, lock file and changelog, and a tag, both pushed', async () => {
  const project = await makeProject()
  expect(await project.release('9.1.0')).toMatchObject({ code: 0, stdout: expect.stringContaining('v9.1.0 is pushed') })
  const changed = await project.git('show', '--format=%s', '--name-only', 'origin/main')
  expect(changed.split('\n').filter(Boolean)).toEqual([
    'release: 9.1.0',
    'CHANGELOG.md',
    'package-lock.json',
    'package.json',
  ])
  expect(await project.git('ls-remote', '--tags', 'origin')).toContain('refs/tags/v9.1.0')
  expect(JSON.parse(await project.git('show', 'v9.1.0:package.json')).version).toBe('9.1.0')
})

test('what stands in the way of a release is said, all at once, and nothing happens', async () => {
  const project = await makeProject({ notes: '' })
  await project.git('tag', 'v0.0.1')
  await project.git('switch', '--quiet', '--create', 'side')
  await project.git('rm', '--quiet', 'release.pub')
  const { code, stderr } = await project.release('0.0.1')
  expect(code).toBe(2)
  expect(stderr.split('\n').slice(1, -1)).toEqual([
    'there are changes that are not committed',
    'this is side; releases are made from main',
    expect.stringMatching(/^\d+\.\d+\.\d+ is out already, and newer$/),
    'there is a tag v0.0.1 already',
    'CHANGELOG.md has nothing under "## Unreleased"',
    expect.stringMatching(/^release\.pub is not there/),
  ])
})

test('a push that fails says how to undo what is only here', async () => {
  const project = await makeProject()
  await project.git('remote', 'set-url', 'origin', join(project.directory, 'nowhere'))
  const { code, stderr } = await project.release('9.1.0')
  expect(code).toBe(2)
  expect(stderr).toContain('git tag --delete v9.1.0 && git reset --hard HEAD~1')
})

test.for([['v1.0.0'], ['1.0'], ['1.0.0-rc.1'], ['01.0.0'], ['1.0.0', '2.0.0'], [], ['1.0.0', '--dry']])(
  'a call that is none: release %s',
  async (args) => {
    const { code, stderr } = await runNode(ROOT, 'bin/release.js', ...args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('usage: npm run release -- VERSION') })
  },
)

test('the files of a release are not made without a key, nor with the key of somebody else', async () => {
  const project = await makeProject()
  await project.release('9.1.0')
  for (const [env, message] of [
    [{}, /NODESEED_RELEASE_KEY is not set/],
    [{ NODESEED_RELEASE_KEY: makeKeyPair().privateKey }, /not the public half/],
  ] as const) {
    const { code, stderr } = await runNode(project.directory, 'bin/release-files.js', env)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) })
  }
})

/** The project as it is, committed to a repository of its own, with a key, a line in the changelog, and an origin. */
async function makeProject({ notes = '- Pods start sooner.\n', isWhole = false } = {}) {
  const directory = await temporaryDirectory()
  await cp(ROOT, directory, {
    recursive: true,
    filter: (source) => {
      const [top = ''] = relative(ROOT, source).split('/')
      return isWhole ? !NOT_COPIED.has(top) : RELEASED.has(top)
    },
  })
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  await writeFile(join(directory, '.gitignore'), 'node_modules\ndist/\nrelease/\noclif.manifest.json\n')
  await writeFile(join(directory, 'release.pub'), makeKeyPair().publicKey)
  await writeFile(join(directory, 'CHANGELOG.md'), `# Changelog\n\n## Unreleased\n\n${notes}`)
  const git = async (...args: string[]) => (await exec('git', args, { cwd: directory })).stdout.trim()
  const origin = await temporaryDirectory()
  await git('init', '--quiet', '--initial-branch', 'main')
  await git('config', 'user.name', 'tester')
  await git('config', 'user.email', 'tester@example.com')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'all')
  await exec('git', ['init', '--quiet', '--bare', origin])
  await git('remote', 'add', 'origin', origin)
  await git('push', '--quiet', 'origin', 'main')
  return { directory, git, release: (...args: string[]) => runNode(directory, 'bin/release.js', ...args) }
}

async function runNode(cwd: string, ...args: (string | Record<string, string>)[]) {
  const env = { ...process.env, ...args.filter((value) => typeof value === 'object')[0] }
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    execFile(
      process.execPath,
      args.filter((value) => typeof value === 'string'),
      { cwd, env },
      (error, stdout, stderr) => {
        done({ code: error ? Number(error.code) : 0, stdout, stderr })
      },
    )
  })
}
