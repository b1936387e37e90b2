import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { readIgnoreFile } from './ignore-file.ts'

/** What one `INPUT` is. */
export type InputSource =
  | { readonly kind: 'stdin' }
  | { readonly kind: 'file' | 'list' | 'chart'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string; readonly files: readonly string[] }
  | { readonly kind: 'kustomization'; readonly path: string; readonly files: readonly string[] }

const MANIFEST_FILE = /\.(ya?ml|json)$/i
const KUSTOMIZATION_FILES: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization'])
/** Directories that hold no manifests of the user's: version control and installed packages. */
const SKIPPED_DIRECTORY = /(?:^|\/)(?:\.git|node_modules)\//

/** Says what an input is, by its name and, for a directory, by what is in it. Rejects with what the file system says. */
export async function inputSource(input: string): Promise<InputSource> {
  if (input === '-') return { kind: 'stdin' }
  if (!(await stat(input)).isDirectory()) {
    if (/\.txt$/i.test(input)) return { kind: 'list', path: input }
    return { kind: /\.tgz$|\.tar\.gz$/i.test(input) ? 'chart' : 'file', path: input }
  }
  const names = new Set(await readdir(input))
  if (names.has('Chart.yaml')) return { kind: 'chart', path: input }
  const isKustomization = [...KUSTOMIZATION_FILES].some((name) => names.has(name))
  return { kind: isKustomization ? 'kustomization' : 'directory', path: input, files: await manifestsIn(input) }
}

/** Every .yaml, .yml and .json below a directory in name order, without what `.nodeseedignore` there leaves out. */
async function manifestsIn(directory: string): Promise<string[]> {
  const isIgnored = await readIgnoreFile(directory)
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files: string[] = []
  for (const entry of entries) {
    if (!MANIFEST_FILE.test(entry.name) || KUSTOMIZATION_FILES.has(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const below = relative(directory, path).replaceAll(sep, '/')
    if (SKIPPED_DIRECTORY.test(below) || isIgnored(below)) continue
    if (await isReadable(entry, path)) files.push(path)
  }
  return files.sort()
}

/** A file, or a link to one; a link that leads nowhere counts, so that reading it says so. */
async function isReadable(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile()
  return stat(path).then(
    (found) => found.isFile(),
    () => true,
  )
}
