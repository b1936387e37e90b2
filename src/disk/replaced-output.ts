import { renameSync } from 'node:fs'
import { lstat, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isUnchanged, OWN_FILES, readOwnFiles, walkDirectory } from './own-files.ts'
import { leftoversBeside } from './own-name.ts'

/**
 * Mends what a killed run left beside a directory. There are two renames, and between them nothing has its name: then
 * the old one gets it back. What was not in place yet goes, and so does what was replaced.
 */
export async function recover(target: string): Promise<void> {
  const [replaced] = leftoversBeside(target, 'old')
  if (replaced && !(await lstat(target).catch(() => undefined))) renameSync(replaced, target)
  for (const staged of leftoversBeside(target, 'new')) await rm(staged, { recursive: true, force: true })
  for (const left of leftoversBeside(target, 'old')) await removeReplaced(left, target)
}

/**
 * Removes a directory that another has taken the place of: what we wrote in it, and the names of other files that are in
 * the new one too. Gives what it left, which somebody changed in the meantime.
 */
export async function removeReplaced(replaced: string, target: string): Promise<string[]> {
  const own = (await readOwnFiles(replaced)) ?? new Map<string, string>()
  const { directories, entries } = await walkDirectory(replaced)
  const left: string[] = []
  // The list goes last, so that a later run still knows what is ours.
  for (const { path } of entries.filter((entry) => entry.path !== OWN_FILES)) {
    const digest = own.get(path)
    const file = join(replaced, path)
    const isOurs = digest !== undefined && (await isUnchanged(file, digest))
    if (isOurs || (await isSame(file, join(target, path)))) await rm(file, { force: true })
    else left.push(path)
  }
  if (left.length > 0) return left
  await rm(join(replaced, OWN_FILES), { force: true })
  for (const directory of [...directories.toReversed(), '']) await rmdir(join(replaced, directory))
  return []
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => lstat(path).catch(() => undefined)))
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev
}
