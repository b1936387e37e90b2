import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { readOwnText } from './own-text.ts'

/** The file in each directory of ours that lists what we wrote there. No extension: kubectl takes all *.json for its own. */
export const OWN_FILES = '.nodeseed-files'
const COMMENT =
  '# What nodeseed wrote here, as sha256sum -c reads it. --force replaces these files and touches no other.\n'
const LINE = /^([0-9a-f]{64}) {2}(.+)$/

/** SHA-256 in hexadecimal digits of each file, by its path in the directory, with `/`. */
export type OwnFiles = ReadonlyMap<string, string>

export function renderOwnFiles(files: OwnFiles): string {
  return COMMENT + [...files].map(([path, digest]) => `${digest}  ${path}\n`).join('')
}

/**
 * The files that a directory of ours lists; undefined where it lists none, or names one outside of itself. What another
 * command has replaced within it since then has a list of its own, which counts.
 */
export async function readOwnFiles(directory: string): Promise<OwnFiles | undefined> {
  const text = await readOwnText(join(directory, OWN_FILES), { mayHaveNames: true })
  if (!text?.startsWith(COMMENT)) return undefined
  const files = new Map<string, string>()
  for (const line of text.slice(COMMENT.length).split('\n').slice(0, -1)) {
    const [, digest = '', path = ''] = LINE.exec(line) ?? []
    if (!digest || path.split('/').some((step) => ['', '.', '..'].includes(step))) return undefined
    files.set(path, digest)
  }
  for (const path of [...files.keys()].filter((name) => name.endsWith(`/${OWN_FILES}`))) {
    const inner = dirname(path)
    const list = await readOwnFiles(join(directory, inner))
    if (!list) continue
    for (const [name, digest] of list) files.set(`${inner}/${name}`, digest)
    files.set(path, await digestOfFile(join(directory, path)))
  }
  return files
}

/** An entry of a directory that is no directory itself; links are entries, and not followed. */
export interface DirectoryEntry {
  /** In the directory, with `/`. */
  readonly path: string
  readonly isFile: boolean
}

/** Everything below a directory: its directories, each before what it holds, and its other entries. */
export async function walkDirectory(root: string): Promise<{ directories: string[]; entries: DirectoryEntry[] }> {
  const directories: string[] = []
  const entries: DirectoryEntry[] = []
  const visit = async (at: string) => {
    for (const found of await readdir(join(root, at), { withFileTypes: true })) {
      const path = at ? `${at}/${found.name}` : found.name
      if (!found.isDirectory()) {
        entries.push({ path, isFile: found.isFile() })
        continue
      }
      directories.push(path)
      await visit(path)
    }
  }
  await visit('')
  return { directories, entries }
}

export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Whether a file still is what was written. */
export async function isUnchanged(path: string, digest: string): Promise<boolean> {
  return (await lstat(path)).isFile() && (await digestOfFile(path)) === digest
}
