import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ExpectedError, writeError } from '../../errors.ts'
import type { GeneratedFile } from '../../seed/output/generated-file.ts'

/**
 * Writes a directory of files at once: under its final name are all files or none. With `force` an earlier output of
 * ours is replaced, which is known by the file `marker` in it; a directory of anything else never is.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS, DISK_ERROR, DISK_FULL
 */
export async function writeOutputDirectory(
  directory: string,
  files: readonly GeneratedFile[],
  { force = false, marker }: { force?: boolean; marker: string },
): Promise<void> {
  const target = resolve(directory)
  const replaces = await mayReplace(target, directory, force, marker)
  const parent = dirname(target)
  let staging: string | undefined
  try {
    await mkdir(parent, { recursive: true })
    staging = await mkdtemp(join(parent, `.${basename(target)}-`))
    await chmod(staging, 0o755)
    for (const file of files) await writeOutputFile(staging, file)
    if (replaces) await rm(target, { recursive: true })
    await rename(staging, target)
  } catch (error) {
    if (staging) await rm(staging, { recursive: true, force: true })
    throw writeError(directory, error)
  }
}

async function writeOutputFile(root: string, { path, content, executable }: GeneratedFile): Promise<void> {
  const file = join(root, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content, { mode: executable ? 0o755 : 0o644, flag: 'wx' })
}

/** Whether something must go before the directory can take its place; an empty directory may always go. */
async function mayReplace(target: string, shown: string, force: boolean, marker: string): Promise<boolean> {
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    if (error.code === 'ENOTDIR')
      throw new ExpectedError('OUTPUT_EXISTS', `${shown}: is a file, not a directory`, {
        hint: 'Name another directory.',
      })
    throw writeError(shown, error)
  })
  if (!entries) return false
  if (entries.length === 0) return true
  if (!force) {
    throw new ExpectedError('OUTPUT_EXISTS', `${shown}: is not empty`, {
      hint: 'Name another directory with -o, or replace what an earlier run wrote with --force.',
    })
  }
  const isOurs = await access(join(target, marker)).then(
    () => true,
    () => false,
  )
  if (isOurs) return true
  throw new ExpectedError('OUTPUT_EXISTS', `${shown}: holds no ${marker}, so it is no output of this command`, {
    hint: 'Name another directory.',
  })
}
