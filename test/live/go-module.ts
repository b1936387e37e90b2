import { execFile } from 'node:child_process'
import { access, appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

interface GoProgram {
  /** Such as `github.com/containerd/containerd/v2`. */
  readonly module: string
  readonly version: string
  /** Its packages that are programs: `cmd/ctr`. */
  readonly packages: readonly string[]
  readonly tags: string
  /** Whether parts of it are in C. */
  readonly cgo?: boolean
  /** How large it is, and what it takes, for who waits. */
  readonly title: string
  /** Adds what Go does not make: gets the module's source and the directory for programs. */
  readonly finish?: (source: string, programs: string) => Promise<void>
}

/** The directory of a module's programs below `base`, built there once. The last of them says that all are there. */
export async function findGoProgram(base: string, name: string, program: GoProgram): Promise<string> {
  const programs = join(base, name)
  const isThere = await access(join(programs, basename(program.packages.at(-1) ?? ''))).then(
    () => true,
    () => false,
  )
  if (isThere) return programs
  console.log(`# programs: building ${program.title} ${program.version} into ${programs}; some minutes, once`)
  const [partial, directory] = [`${programs}.partial`, join(base, 'module')]
  for (const one of [partial, directory]) {
    await rm(one, { recursive: true, force: true })
    await mkdir(one, { recursive: true })
  }
  const { module, version, packages, tags, cgo = false, finish } = program
  const env = { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: cgo ? '1' : '0' }
  const go = (...args: string[]) => run('go', args, { cwd: directory, env, maxBuffer: 1 << 26 })
  await writeFile(join(directory, 'go.mod'), 'module live\n')
  await go('get', `${module}@v${version}`)
  const source = (await go('list', '-m', '-f', '{{.Dir}}', module)).stdout.trim()
  // What the module itself says of its modules: a proxy may not pass on what the checksum database says of the rare ones.
  await appendFile(join(directory, 'go.sum'), await readFile(join(source, 'go.sum')))
  for (const one of packages) {
    const flags = ['-tags', tags, '-ldflags', '-s -w']
    await go('build', ...flags, '-o', join(partial, basename(one)), `${module}/${one}`)
  }
  await finish?.(source, partial)
  await rename(partial, programs)
  return programs
}
