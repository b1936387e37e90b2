import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { readText } from '../texts/read-text.ts'
import { kindOf } from '../texts/regular-file.ts'
import { type Ignores, readIgnoreFile } from './ignore-file.ts'
import { KUSTOMIZATION_FILES } from './render/kustomization.ts'

/** What is below a directory; lists are in name order. */
export interface DirectoryContent {
  /** Manifests that belong to no chart. */
  readonly files: readonly string[]
  /** Charts that can be rendered; a chart inside a chart is a part of it. */
  readonly charts: readonly ChartDirectory[]
  /** Directories outside charts that hold a kustomization. */
  readonly kustomizations: readonly string[]
  /** What is there and is not read. */
  readonly unread: readonly { readonly path: string; readonly why: string }[]
}

interface ChartDirectory {
  readonly path: string
  readonly files: readonly string[]
}

const MANIFEST_FILE = /\.(ya?ml|json)$/i
/** Directories that hold no manifests of the user's: version control and installed packages. */
const SKIPPED_DIRECTORIES: ReadonlySet<string> = new Set(['.git', 'node_modules'])

/** One walk over a directory. */
interface Walk {
  readonly root: string
  readonly isIgnored: Ignores
  /** Real paths of what has been read, so that links are followed once and circles end. */
  readonly seen: Set<string>
  /** Links to directories, which come after all that is really there. */
  readonly links: string[]
  readonly found: { readonly [K in keyof DirectoryContent]: DirectoryContent[K][number][] }
}

/**
 * Looks through a directory, without what its `.nodeseedignore` leaves out. A link to a directory within it is followed
 * unless that is read anyway; one that leads out of it is told. Rejects with what the file system says.
 */
export async function contentOf(directory: string): Promise<DirectoryContent> {
  const found = { files: [], charts: [], kustomizations: [], unread: [] }
  const isIgnored = await readIgnoreFile(directory)
  const walk: Walk = { root: await realpath(directory), isIgnored, seen: new Set(), links: [], found }
  const at = (path: string) => relative(directory, path).replaceAll(sep, '/')
  await walkDirectory(walk, directory, { at, chart: undefined })
  for (let link = walk.links.shift(); link !== undefined; link = walk.links.shift()) await followLink(walk, link, at)
  return sorted(walk.found)
}

interface Here {
  /** The path below the root, for the ignore file. */
  readonly at: (path: string) => string
  /** The chart that everything here belongs to. */
  readonly chart: { path: string; files: string[] } | undefined
}

async function walkDirectory(walk: Walk, directory: string, here: Here): Promise<void> {
  const real = await realpath(directory)
  if (walk.seen.has(real)) return
  walk.seen.add(real)
  const entries = await readdir(directory, { withFileTypes: true })
  const names = new Set(entries.map(({ name }) => name))
  const isChart =
    here.chart === undefined && names.has('Chart.yaml') && !walk.isIgnored(here.at(join(directory, 'Chart.yaml')))
  const chart = isChart ? { path: directory, files: [] } : here.chart
  if (isChart && chart && !(await isLibraryChart(directory))) walk.found.charts.push(chart)
  const hasKustomization = KUSTOMIZATION_FILES.some(
    (name) => names.has(name) && !walk.isIgnored(here.at(join(directory, name))),
  )
  if (hasKustomization && !chart) walk.found.kustomizations.push(directory)
  for (const entry of entries) await visit(walk, entry, { ...here, chart })
}

async function visit(walk: Walk, entry: Dirent, here: Here): Promise<void> {
  const path = join(entry.parentPath, entry.name)
  if (entry.isDirectory()) {
    if (!SKIPPED_DIRECTORIES.has(entry.name)) await walkDirectory(walk, path, here)
    return
  }
  if (walk.isIgnored(here.at(path))) return
  const isManifest = MANIFEST_FILE.test(entry.name) && !KUSTOMIZATION_FILES.includes(entry.name)
  const target = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry
  if (target?.isDirectory()) {
    walk.links.push(path)
    return
  }
  if (!isManifest) return
  // A link that leads nowhere counts as a file, so that reading it says so.
  const kind = target && kindOf(target)
  if (kind !== undefined) walk.found.unread.push({ path, why: `is ${kind}, not a file` })
  else (here.chart?.files ?? walk.found.files).push(path)
}

async function followLink(walk: Walk, link: string, at: Here['at']): Promise<void> {
  const target = await realpath(link)
  if (target === walk.root || target.startsWith(`${walk.root}${sep}`)) {
    await walkDirectory(walk, link, { at, chart: undefined })
  } else {
    walk.found.unread.push({ path: link, why: `is a link to ${target}, outside of the directory that is read` })
  }
}

/** Nothing is ever installed from a library: its templates are for other charts to call. */
async function isLibraryChart(path: string): Promise<boolean> {
  const text = await readText(join(path, 'Chart.yaml')).catch(() => '')
  return /^type:\s{0,99}["']?library\b/m.test(text)
}

function sorted({ files, charts, kustomizations, unread }: Walk['found']): DirectoryContent {
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1)
  return {
    files: files.sort(),
    charts: charts.map(({ path, files }) => ({ path, files: files.toSorted() })).sort(byPath),
    kustomizations: kustomizations.sort(),
    unread: unread.sort(byPath),
  }
}
