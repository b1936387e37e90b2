import { execFile } from 'node:child_process'
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const PROGRAMS = ['containerd', 'ctr', 'containerd-shim-runc-v2']

/** A directory with the programs of a containerd, built once by Go below `base`; about five minutes of one processor. */
export async function findContainerd(base: string, version: string): Promise<string> {
  const programs = join(base, `containerd-${version}`)
  const isThere = await access(join(programs, 'containerd')).then(
    () => true,
    () => false,
  )
  if (isThere) return programs
  console.log(`# programs: building containerd ${version} into ${programs}; some minutes, once`)
  const [partial, directory] = [`${programs}.partial`, join(base, 'module')]
  for (const one of [partial, directory]) {
    await rm(one, { recursive: true, force: true })
    await mkdir(one, { recursive: true })
  }
  const module = `github.com/containerd/containerd${version.startsWith('1.') ? '' : `/v${version.split('.')[0]}`}`
  const env = { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' }
  const go = (...args: string[]) => run('go', args, { cwd: directory, env, maxBuffer: 1 << 26 })
  await writeFile(join(directory, 'go.mod'), 'module live\n')
  await go('get', `${module}@v${version}`)
  for (const program of PROGRAMS) {
    const tags = ['-tags', 'no_btrfs no_devmapper no_zfs', '-ldflags', '-s -w']
    await go('build', ...tags, '-o', join(partial, program), `${module}/cmd/${program}`)
  }
  await rename(partial, programs)
  return programs
}
