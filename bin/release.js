// Starts a release: npm run release -- VERSION [--dry-run [--arch x64]]
// Gives what is unreleased in CHANGELOG.md that version and today's date, commits, tags, and pushes both; the tag starts
// .github/workflows/release.yml, which tests, makes the files (bin/release-files.js) and publishes them.
// --dry-run changes and pushes nothing: it does all of that in a copy, signs with a key made for it, leaves the files in
// release/dry-run, and says what would be published, and what would have stopped it.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { notesOf, withRelease } from './changelog.js'

const BRANCH = 'main'
const root = join(import.meta.dirname, '..')
const { version, isDry, archs } = readArguments()
const tag = `v${version}`

process.chdir(root)
const problems = findProblems()
if (isDry) dryRun()
else if (problems.length > 0) fail(['nothing is released:', ...problems])
else release()

function readArguments() {
  const usage = 'usage: npm run release -- VERSION [--dry-run [--arch x64] [--arch arm64]]'
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { 'dry-run': { type: 'boolean', default: false }, arch: { type: 'string', multiple: true } },
    })
    const [version] = positionals
    if (positionals.length !== 1 || !/^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}$/.test(version)) fail([usage])
    return { version, isDry: values['dry-run'], archs: values.arch ?? [] }
  } catch (error) {
    return fail([error.message, usage])
  }
}

/** What stands in the way of a release, all of it. */
function findProblems() {
  const current = JSON.parse(readFileSync('package.json', 'utf8')).version
  const branch = git('branch', '--show-current')
  return [
    git('status', '--porcelain') !== '' && 'there are changes that are not committed',
    branch !== BRANCH && `this is ${branch || 'no branch'}; releases are made from ${BRANCH}`,
    current.localeCompare(version, 'en', { numeric: true }) > 0 && `${current} is out already, and newer`,
    git('tag', '--list', tag) !== '' && `there is a tag ${tag} already`,
    !notesOf(readFileSync('CHANGELOG.md', 'utf8'), 'Unreleased') && 'CHANGELOG.md has nothing under "## Unreleased"',
    !existsSync('release.pub') &&
      'release.pub is not there: CONTRIBUTING.md says how the key is made, once, before the first release',
  ].filter(Boolean)
}

function release() {
  setVersion(root)
  git('commit', '--quiet', '--all', '--message', `release: ${version}`)
  git('tag', '--annotate', tag, '--message', `nodeseed ${version}`)
  try {
    git('push', '--quiet', '--atomic', 'origin', BRANCH, tag)
  } catch {
    fail(['nothing was pushed. To undo the commit and the tag:', `git tag --delete ${tag} && git reset --hard HEAD~1`])
  }
  process.stdout.write(`${tag} is pushed: the release workflow publishes it\n`)
}

/** Sets version, lock file and changelog, in a directory of the project. */
function setVersion(directory) {
  const file = join(directory, 'CHANGELOG.md')
  writeFileSync(file, withRelease(readFileSync(file, 'utf8'), version, new Date().toISOString().slice(0, 10)))
  const args = ['version', version, '--no-git-tag-version', '--allow-same-version', '--ignore-scripts']
  execFileSync('npm', args, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] })
}

function dryRun() {
  mkdirSync('release', { recursive: true })
  const copy = mkdtempSync(join(root, 'release/copy-'))
  try {
    copyProject(copy)
    setVersion(copy)
    const args = ['bin/release-files.js', '--throwaway-key', ...archs.flatMap((arch) => ['--arch', arch])]
    execFileSync(process.execPath, args, { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'] })
    rmSync('release/dry-run', { recursive: true, force: true })
    renameSync(join(copy, 'release'), 'release/dry-run')
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  report()
}

/** Everything that git knows or would take, as it is now; the dependencies are those that are here. */
function copyProject(copy) {
  const files = git('ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0').filter(Boolean)
  for (const file of files.filter((name) => existsSync(name))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(file, join(copy, file))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
}

function report() {
  const files = readdirSync('release/dry-run').filter((name) => !['notes.md', 'throwaway.pub'].includes(name))
  const sizes = files.map((name) => `  ${name}  ${(statSync(`release/dry-run/${name}`).size / 1e6).toFixed(1)} MB`)
  const lines = [
    `A dry run of ${tag}; nothing is changed, pushed or published. The files are in release/dry-run.`,
    `Would commit "release: ${version}", tag ${tag}, and push both to origin.`,
    `Would publish nodeseed@${version} to npm, with provenance, and on the forge:`,
    ...sizes,
    'with these notes:',
    ...readFileSync('release/dry-run/notes.md', 'utf8')
      .trimEnd()
      .replaceAll(/^(?=.)/gm, '  ')
      .split('\n'),
    ...(problems.length > 0 ? ['A release would be refused now:', ...problems.map((text) => `  ${text}`)] : []),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8' }).trim()
}

function fail(lines) {
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exit(2)
}
