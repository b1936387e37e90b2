import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import module from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'

/**
 * Lets Node keep what it compiles of the program for the next start, of which that is a fifth. Where NODE_COMPILE_CACHE
 * names a directory, Node does so by itself.
 */
export function keepCompiled(): void {
  const directory = module.getCompileCacheDir() ? undefined : ownCacheDirectory(process.env)
  if (directory) module.enableCompileCache(directory)
}

/**
 * A directory that nobody else can put anything into, made where it is not there; undefined where there is none. Node
 * runs what it finds there, so its own choice, one in the directory for temporary files, lets others run code as us.
 */
export function ownCacheDirectory({ XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv): string | undefined {
  const start = [XDG_CACHE_HOME, HOME].find((path) => path && isAbsolute(path))
  const user = process.getuid?.()
  if (!start || user === undefined) return undefined
  try {
    const base = realpathSync(start)
    // Root makes nothing in the home directory of a user that it works for.
    if (!isSafe(base, user)) return undefined
    const cache = start === HOME ? join(base, '.cache') : base
    const directory = join(cache, 'nodeseed/compiled')
    for (const each of [cache, dirname(directory), directory]) make(each)
    return isOurs(directory, user) ? directory : undefined
  } catch {
    return undefined // without it the program only starts later
  }
}

/** Node's own way to make several goes round for ever in /proc. */
function make(directory: string): void {
  if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 })
}

/** Whether nobody else can put anything into the directory, or another one into its place. */
function isOurs(directory: string, user: number): boolean {
  const { uid, mode } = lstatSync(directory)
  return uid === user && (mode & 0o022) === 0 && isSafe(directory, user)
}

/** Whether only root and the user decide what stands under this path; with a sticky bit others only add. */
function isSafe(path: string, user: number): boolean {
  const status = lstatSync(path)
  const isTheirs = status.uid !== 0 && status.uid !== user
  const isOpen = (status.mode & 0o022) !== 0 && (status.mode & 0o1000) === 0
  return status.isDirectory() && !isTheirs && !isOpen && (path === '/' || isSafe(dirname(path), user))
}
