import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that Debian has not, or not whole: where NODESEED_TOOLS says that it is; undefined where it does not. */
export function findProgram(name: string): string | undefined {
  const directories = (process.env.NODESEED_TOOLS ?? '').split(delimiter).filter(Boolean)
  return directories.map((directory) => join(directory, name)).find(existsSync)
}
