import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
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
export function leftoversBeside(target: string, purpose: Purpose): string[] {
  const pattern = new RegExp(`^\\${prefixOf(target)}\\.[0-9a-f]{16}\\.${purpose}(?:\\.part\\d{3})?$`)
  const paths = namesIn(dirname(target))
    .filter((name) => pattern.test(name))
    .map((name) => join(dirname(target), name))
  return paths.filter((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    return purpose === 'tmp' ? found?.isFile() : found?.isDirectory()
  })
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Of fixed length, so that a target with the longest name has room for it; one for all spellings by upper and lower case. */
function prefixOf(target: string): string {
  const digest = createHash('sha256').update(basename(target).toLowerCase()).digest('hex')
  return `.nodeseed-${digest.slice(0, 12)}`
}
