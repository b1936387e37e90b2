import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'vitest'

/** The real programs that tests use, and the Debian package of each. */
const PACKAGES = {
  'docker-registry': 'docker-registry',
  skopeo: 'skopeo',
  umoci: 'umoci',
  podman: 'podman',
  conmon: 'conmon',
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  docker: 'docker.io',
  dockerd: 'docker.io',
  kubectl: 'kubernetes-client',
  shellcheck: 'shellcheck',
  dash: 'dash',
  tar: 'tar',
  busybox: 'busybox-static',
  bsdtar: 'libarchive-tools',
  openssl: 'openssl',
  strace: 'strace',
  tinyproxy: 'tinyproxy-bin',
  chromium: 'chromium',
  gzip: 'gzip',
  lz4: 'lz4',
  xz: 'xz-utils',
  bzip2: 'bzip2',
  zstd: 'zstd',
  script: 'bsdutils',
  bash: 'bash',
  zsh: 'zsh',
  fish: 'fish',
  pigz: 'pigz',
  rsync: 'rsync',
} as const

export type Tool = keyof typeof PACKAGES

const CACHE = fileURLToPath(new URL('../../.cache/debian', import.meta.url))
/** Where the packages are unpacked. */
export const DEBIAN_ROOT = join(CACHE, 'root')
const LIBRARIES = join(CACHE, 'library-folders.json')
// Chromium's own directory first: in usr/bin is a script with paths that only an installed one has.
const UNPACKED = ['usr/lib/chromium', 'usr/bin', 'usr/sbin', 'bin', 'sbin'].map((path) => join(DEBIAN_ROOT, path))
/**
 * Directories of programs that come before Debian's, so that the same tests run against another release:
 * `NODESEED_TOOLS=/opt/containerd-2.2/bin vitest run test/seed` takes containerd, ctr and the shim from there.
 */
const CHOSEN = (process.env.NODESEED_TOOLS ?? '').split(delimiter).filter(Boolean)
const BINARY_DIRECTORIES = [...CHOSEN, ...UNPACKED]
const run = promisify(execFile)

/**
 * Makes every tool available: one on PATH is used as it is; the others are downloaded with apt-get and unpacked into
 * `.cache/debian` of this project. Needs no root and installs nothing on the system. What cannot be had is left out;
 * `testWith` then says so.
 */
export async function prepareTools(): Promise<void> {
  const missing = (Object.keys(PACKAGES) as Tool[]).filter((tool) => !findTool(tool))
  if (missing.length === 0) return
  mkdirSync(DEBIAN_ROOT, { recursive: true })
  // The browser by itself: it is large, and what goes wrong with it should cost the other tools nothing.
  for (const tools of [missing.filter((name) => name !== 'chromium'), missing.filter((name) => name === 'chromium')]) {
    const packages = [...new Set(tools.map((tool) => PACKAGES[tool]))]
    if (packages.length === 0) continue
    try {
      await unpack(packages)
    } catch (error) {
      process.stderr.write(`Debian packages ${packages.join(', ')} cannot be had: ${(error as Error).message}\n`)
    }
  }
}

/** The path of a tool; undefined where it is neither installed nor unpacked. */
function findTool(tool: Tool): string | undefined {
  const directories = [...BINARY_DIRECTORIES, ...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return directories
    .map((directory) => join(directory, tool))
    .find((path) => existsSync(path) && statSync(path).isFile())
}

/** The path of a tool that the test was declared to need with {@link testWith}. */
export function tool(name: Tool): string {
  const path = findTool(name)
  if (!path) throw new Error(`${name} is not here: declare the test with testWith(['${name}'])`)
  return path
}

/** The environment in which unpacked tools find their libraries and each other. */
export function toolEnvironment(extra: Record<string, string> = {}): Record<string, string | undefined> {
  return {
    ...process.env,
    PATH: [...BINARY_DIRECTORIES, process.env.PATH ?? ''].join(delimiter),
    LD_LIBRARY_PATH: libraryDirectories().join(delimiter),
    ...extra,
  }
}

/** Runs a tool to its end; resolves to what it printed, rejects with its stderr when it fails. */
export async function runTool(
  name: Tool,
  args: string[],
  { cwd, env }: { cwd?: string; env?: Record<string, string> } = {},
) {
  return run(tool(name), args, { ...(cwd && { cwd }), env: toolEnvironment(env), maxBuffer: 64 * 1024 * 1024 })
}

/** Starts a tool that the test stops, such as a server. What it says is dropped. */
export function spawnTool(name: Tool, args: string[], { env }: { env?: Record<string, string> } = {}): ChildProcess {
  return spawn(tool(name), args, { env: toolEnvironment(env), stdio: 'ignore' })
}

/**
 * `test`, for a test that needs real tools (and root, or a minor version of kubectl, when asked). Where they are missing the test is skipped and says
 * why; with CI=true it fails instead, because a skip there would hide a gap.
 */
export function testWith(tools: Tool[], { root = false, kubectl = 0 }: { root?: boolean; kubectl?: number } = {}) {
  const missing: string[] = tools.filter((name) => !findTool(name))
  if (kubectl > 0 && missing.length === 0 && kubectlMinor() < kubectl) missing.push(`kubectl 1.${kubectl} or newer`)
  if (root && process.getuid?.() !== 0) missing.push('root')
  if (missing.length === 0) return test
  const reason = `needs ${missing.join(', ')}`
  if (process.env.CI === 'true') {
    return ((title: string) =>
      test(title, () => Promise.reject(new Error(`${reason}, and CI allows no skip`)))) as unknown as typeof test
  }
  process.stderr.write(`skipped: tests that need ${tools.join(', ')}: ${reason}\n`)
  return test.skip as unknown as typeof test
}

function kubectlMinor(): number {
  const said = execFileSync(tool('kubectl'), ['version', '--client', '--output', 'json'], { encoding: 'utf8' })
  return Number.parseInt((JSON.parse(said) as { clientVersion: { minor: string } }).clientVersion.minor, 10)
}

async function unpack(packages: string[]): Promise<void> {
  const options = await aptOptions()
  const wanted = await closure(packages, options)
  const archives = join(CACHE, 'archives')
  mkdirSync(archives, { recursive: true })
  await run('apt-get', [...options, 'download', ...wanted], { cwd: archives, maxBuffer: 1 << 24 })
  for (const archive of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(archives, archive), DEBIAN_ROOT])
  }
  rmSync(archives, { recursive: true })
  rmSync(LIBRARIES, { force: true })
}

/** The packages and those of their dependencies that this system lacks. */
async function closure(packages: string[], options: string[]): Promise<string[]> {
  const { stdout } = await run('apt-get', [...options, '--simulate', '--no-install-recommends', 'install', ...packages])
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name)
  return [...new Set([...packages, ...missing])]
}

/** Options that make apt use the system's package lists, or lists of our own where the system has none. */
async function aptOptions(): Promise<string[]> {
  const known = await run('apt-cache', ['show', 'docker-registry']).then(
    () => true,
    () => false,
  )
  if (known) return []
  const lists = join(CACHE, 'lists')
  mkdirSync(join(lists, 'partial'), { recursive: true })
  const options = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${join(CACHE, 'apt')}`]
  mkdirSync(join(CACHE, 'apt', 'archives', 'partial'), { recursive: true })
  await run('apt-get', [...options, 'update'])
  return options
}

let libraries: string[] | undefined

/** Where the unpacked packages keep their shared libraries. */
function libraryDirectories(): string[] {
  if (libraries || !existsSync(DEBIAN_ROOT)) return libraries ?? []
  if (!existsSync(LIBRARIES)) {
    const found = execFileSync('find', [DEBIAN_ROOT, '-name', '*.so*', '-printf', '%P\\n'], { encoding: 'utf8' })
    writeFileSync(LIBRARIES, JSON.stringify([...new Set(found.split('\n').filter(Boolean).map(dirname))]))
  }
  // Below the root wherever it is now: a checkout may be moved or copied.
  libraries = (JSON.parse(readFileSync(LIBRARIES, 'utf8')) as string[]).map((path) => join(DEBIAN_ROOT, path))
  return libraries
}
