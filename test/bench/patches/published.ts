import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CACHE = fileURLToPath(new URL('../../../.cache/published', import.meta.url))
const PLATFORMS = ['manylinux_2_28_x86_64', 'manylinux2014_x86_64', 'manylinux1_x86_64']

/** Brings one version of a package as its registry published it, and puts what is in it into a directory. */
export type Publisher = (name: string, version: string, target: string) => Promise<void>

export const fromNpm: Publisher = async (name, version, target) => {
  const file = await kept(`npm-${name}-${version}`, (directory) =>
    run('npm', ['pack', '--silent', '--pack-destination', directory, `${name}@${version}`]),
  )
  await run('tar', ['-xzf', file, '-C', target, '--strip-components=1'])
}

export const fromPyPi: Publisher = async (name, version, target) => {
  const file = await kept(`pypi-${name}-${version}`, (directory) => {
    const platforms = PLATFORMS.flatMap((platform) => ['--platform', platform])
    const which = ['--no-deps', '--only-binary=:all:', '--python-version', '3.11', ...platforms]
    return run('pip', ['download', '--quiet', ...which, '-d', directory, `${name}==${version}`])
  })
  await run('python3', ['-m', 'zipfile', '-e', file, target])
}

export const fromDebian: Publisher = async (name, version, target) => {
  const file = await kept(`debian-${name}-${version}`, (directory) =>
    run('apt-get', ['download', '-qq', `${name}=${version}`], { cwd: directory }),
  )
  await run('dpkg-deb', ['-x', file, target])
}

/** A program of a Go module, built as image builders for Go do: the same compiler each time, other sources. */
export const fromGoModule: Publisher = async (name, version, target) => {
  const file = await kept(`go-${name}-${version}`, (directory) => {
    const env = { ...process.env, CGO_ENABLED: '0', GOBIN: directory, GOTOOLCHAIN: 'local' }
    return run('go', ['install', '-p=1', '-trimpath', '-ldflags=-s -w', `${name}@${version}`], { env })
  })
  await run('cp', [file, target])
}

/** Versions of a Debian package that its archive has, the oldest first. */
export async function debianVersions(name: string): Promise<string[]> {
  const { stdout } = await run('apt-cache', ['madison', name])
  const known = stdout.split('\n').flatMap((line) => line.split('|')[1]?.trim() || [])
  return [...new Set(known)].toReversed()
}

/** The one file that was fetched for this name, now or in an earlier run. */
async function kept(name: string, fetch: (directory: string) => Promise<unknown>): Promise<string> {
  const place = join(CACHE, name.replaceAll(/[^A-Za-z0-9.+@-]/g, '_'))
  if (!(await stat(place).catch(() => undefined))) {
    await mkdir(CACHE, { recursive: true })
    const directory = await mkdtemp(join(CACHE, 'fetch-'))
    try {
      await fetch(directory)
      await rename(directory, place)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  const [file] = await readdir(place)
  if (!file) throw new Error(`${name}: nothing was fetched`)
  return join(place, file)
}
