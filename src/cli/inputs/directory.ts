import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { readIgnoreFile } from './ignore-file.ts'

/** What is below a directory, in name order. */
interface DirectoryContent {
  /** Manifests that belong to no chart. */
  readonly files: readonly string[]
  /** Charts that can be rendered; a chart inside a chart is a part of it. */
  readonly charts: readonly { readonly path: string; readonly files: readonly string[] }[]
}

const MANIFEST_FILE = /\.(ya?ml|json)$/i
export const KUSTOMIZATION_FILES: ReadonlySet<string> = new Set([
  'kustomization.yaml',
  'kustomization.yml',
  'Kustomization',
])
/** Directories that hold no manifests of the user's: version control and installed packages. */
const SKIPPED_DIRECTORY = /(?:^|\/)(?:\.git|node_modules)\//

/** Rejects with what the file system says. */
export async function contentOf(directory: string): Promise<DirectoryContent> {
  const files = await manifestsIn(directory)
  const roots = files.filter((file) => basename(file) === 'Chart.yaml').map((file) => `${dirname(file)}${sep}`)
  const outer = roots.filter((root) => !roots.some((other) => other !== root && root.startsWith(other)))
  const byChart = Map.groupBy(files, (file) => outer.find((root) => file.startsWith(root)))
  const charts = outer.map((root) => ({ path: root.slice(0, -1), files: byChart.get(root) ?? [] }))
  const isLibrary = await Promise.all(charts.map(({ path }) => isLibraryChart(path)))
  return { files: byChart.get(undefined) ?? [], charts: charts.filter((_, at) => !isLibrary[at]) }
}

/** Nothing is ever installed from a library: its templates are for other charts to call. */
async function isLibraryChart(path: string): Promise<boolean> {
  const text = await readFile(join(path, 'Chart.yaml'), 'utf8').catch(() => '')
  return /^type:\s*["']?library\b/m.test(text)
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
