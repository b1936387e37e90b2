import { readFile } from 'node:fs/promises'

/** The script that brings a bundle onto a node; it lies beside the code that generates what calls it. */
export function readNodeScript(): Promise<string> {
  return readFile(new URL('../seed/seed.sh', import.meta.url), 'utf8')
}
