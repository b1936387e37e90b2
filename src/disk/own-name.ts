import { createHash, randomBytes } from 'node:crypto'
import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** What a file or directory of ours beside a target is for. */
type Purpose = 'tmp' | 'new' | 'old'

/** A name beside a target that nobody can foresee, and that a later run recognises. */
export function newNameBeside(target: string, purpose: Purpose): string {
  return join(dirname(target), `${prefixOf(target)}.${randomBytes(8).toString('hex')}.${purpose}`)
}

/** The one name beside a target that stands for it while it is written. */
export function lockNameBeside(target: string): string {
  return join(dirname(target), `${prefixOf(target)}.lock`)
}

/** What runs that were killed left beside a target; nobody else's, as long as the target is locked. */
export async function leftoversBeside(target: string, purpose: Purpose): Promise<string[]> {
  const pattern = new RegExp(`^\\${prefixOf(target)}\\.[0-9a-f]{16}\\.${purpose}$`)
  const names = await readdir(dirname(target)).catch(() => [])
  const paths = names.filter((name) => pattern.test(name)).map((name) => join(dirname(target), name))
  const kinds = await Promise.all(paths.map((path) => lstat(path).catch(() => undefined)))
  return paths.filter((_, at) => (purpose === 'tmp' ? kinds[at]?.isFile() : kinds[at]?.isDirectory()))
}

/** Of fixed length, so that a target with the longest name has room for it; one for all spellings by upper and lower case. */
function prefixOf(target: string): string {
  const digest = createHash('sha256').update(basename(target).toLowerCase()).digest('hex')
  return `.nodeseed-${digest.slice(0, 12)}`
}
