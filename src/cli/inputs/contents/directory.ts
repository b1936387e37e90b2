import type { Dirent } from 'node:fs'
import { opendir, readdir, realpath, stat } from 'node:fs/promises'
import { basename, extname, join, relative, sep } from 'node:path'
import { PROJECT_FILE } from '../../project/flagged-commands.ts'
import { kindOf } from '../../texts/regular-file.ts'
import { KUSTOMIZATION_FILES } from '../render/kustomization.ts'
import { type Ignores, readIgnoreFile } from './ignore-file.ts'
import { isLibraryChart } from './library-chart.ts'
import { isCalledInput, mayBeInput, otherFile } from './other-file.ts'

/** What is below a directory; lists are in name order. */
export interface DirectoryContent {
  /** Manifests that belong to no chart. */
  readonly files: readonly string[]
  /** Lists of images that belong to no chart. */
  readonly lists: readonly string[]
  /** Scripts and templates that belong to no chart. */
  readonly scripts: readonly string[]
  /** Charts that can be rendered, packed ones too; a chart inside a chart is a part of it. */
  readonly charts: readonly ChartDirectory[]
  /** Directories outside charts that hold a kustomization. */
  readonly kustomizations: readonly string[]
  /** What is there and cannot be read, or is not for what it is. */
  readonly unread: readonly { readonly path: string; readonly why: string }[]
  /** What may name images, and is not what is read here. */
  readonly notRead: readonly { readonly path: string; readonly why: string }[]
  /** Directories that are passed over for their names, and hold files that would be read elsewhere. */
  readonly passedOver: readonly string[]
  /** What would have been read, but for the ignore file. */
  readonly ignored: readonly string[]
}

interface ChartDirectory {
  readonly path: string
  readonly files: readonly string[]
}

const MANIFEST_FILE = /\.(ya?ml|json)$/i
/** Directories that hold no manifests of the user's: version control and installed packages. */
const PASSED_OVER: ReadonlySet<string> = new Set(['.git', 'node_modules'])

/** One walk over a directory. */
interface Walk {
  /** Real paths: of the directory, and of what else is read in the same run. */
  readonly roots: readonly string[]
  readonly isIgnored: Ignores
  /** Real paths of what has been read, so that links are followed once and circles end. */
  readonly seen: Set<string>
  /** Links to directories, which come after all that is really there. */
  readonly links: { readonly path: string; readonly here: Here }[]
  /** Real paths of files that are read by the names of links to them. */
  readonly linked: Set<string>
  readonly found: { readonly [K in keyof DirectoryContent]: DirectoryContent[K][number][] }
}

/** A place in a walk. */
interface Here {
  /** The path below the root, for the ignore file. */
  readonly at: (path: string) => string
  /** The chart that everything here belongs to. */
  readonly chart: { path: string; files: string[] } | undefined
}

/**
 * Looks through a directory, without what its `.nodeseedignore` leaves out. Links to files and directories are followed
 * as long as they lead to the directory itself, or to one of `others`, the real paths of what is read besides; what is
 * reached twice counts once. Links that lead elsewhere are told. Rejects with what the file system says of the directory.
 */
export async function contentOf(directory: string, others: readonly string[] = []): Promise<DirectoryContent> {
  const told = { unread: [], notRead: [], passedOver: [], ignored: [] }
  const found = { files: [], lists: [], scripts: [], charts: [], kustomizations: [], ...told }
  const roots = [await realpath(directory), ...others]
  const walk: Walk = {
    roots,
    isIgnored: await readIgnoreFile(directory),
    seen: new Set(),
    links: [],
    linked: new Set(),
    found,
  }
  const at = (path: string) => relative(directory, path).replaceAll(sep, '/')
  await walkDirectory(walk, directory, { at, chart: undefined })
  for (let link = walk.links.shift(); link !== undefined; link = walk.links.shift()) {
    await walkDirectory(walk, link.path, link.here)
  }
  return sorted({ ...found, notRead: await withoutLinked(walk) })
}

/** What is not read, without what a link is read for. */
async function withoutLinked({ found, linked }: Walk): Promise<Walk['found']['notRead']> {
  const kept: Walk['found']['notRead'] = []
  for (const one of found.notRead)
    if (linked.size === 0 || !linked.has(await realpath(one.path).catch(() => one.path))) kept.push(one)
  return kept
}

async function walkDirectory(walk: Walk, directory: string, here: Here): Promise<void> {
  const real = await realpath(directory)
  if (walk.seen.has(real)) return
  walk.seen.add(real)
  const entries = await entriesOf(walk, directory, here)
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

/** The entries of a directory; one below the root that cannot be listed is told, unless it is ignored. */
async function entriesOf({ isIgnored, found }: Walk, directory: string, { at }: Here): Promise<Dirent[]> {
  return readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (at(directory) === '') throw error
    if (isIgnored(`${at(directory)}/`)) found.ignored.push(directory)
    else found.unread.push({ path: directory, why: `cannot be read: ${error.code}` })
    return []
  })
}

async function visit(walk: Walk, entry: Dirent, here: Here): Promise<void> {
  const path = join(entry.parentPath, entry.name)
  if (entry.isDirectory()) {
    if (!PASSED_OVER.has(entry.name)) await walkDirectory(walk, path, here)
    else if (await holdsManifests(path)) {
      walk.found[walk.isIgnored(`${here.at(path)}/`) ? 'ignored' : 'passedOver'].push(path)
    }
    return
  }
  if (here.at(path) === PROJECT_FILE) return
  if (walk.isIgnored(here.at(path))) {
    // Helm reads all of a chart by itself.
    const isInput = MANIFEST_FILE.test(entry.name) || isCalledInput(entry.name)
    if (isInput && !here.chart) walk.found.ignored.push(path)
    return
  }
  const isManifest = MANIFEST_FILE.test(entry.name) && !KUSTOMIZATION_FILES.includes(entry.name)
  const kind = entry.isSymbolicLink() ? await visitLink(walk, path, { here, isManifest }) : kindOf(entry)
  if (kind === TOLD) return
  if (!isManifest) {
    if (KUSTOMIZATION_FILES.includes(entry.name)) return
    if (kind === undefined && !here.chart && mayBeInput(entry.name)) await visitOther(walk, path, entry.name)
    return
  }
  if (kind !== undefined) walk.found.unread.push({ path, why: `is ${kind}, not a file` })
  else (here.chart?.files ?? walk.found.files).push(path)
}

/** A file whose name does not say that it is one with manifests. */
async function visitOther({ found }: Walk, path: string, name: string): Promise<void> {
  const other = await otherFile(path, name).catch((error: NodeJS.ErrnoException) => {
    return isCalledInput(name) ? { why: `cannot be read: ${error.code}` } : 'nothing'
  })
  if (other === 'list') found.lists.push(path)
  else if (other === 'script') found.scripts.push(path)
  else if (other === 'chart') found.charts.push({ path, files: [] })
  else if (other !== 'nothing') found.notRead.push({ path, why: other.why })
}

/** Nothing is left to be said or done. */
const TOLD = Symbol('told')

/** What a link is to be read as; what it leads to may be outside, nowhere, or a directory that is read later. */
async function visitLink(
  { roots, isIgnored, links, linked, found }: Walk,
  path: string,
  { here, isManifest }: { here: Here; isManifest: boolean },
): Promise<string | typeof TOLD | undefined> {
  const target = await realpath(path).catch(() => undefined)
  const status = target === undefined ? undefined : await stat(path).catch(() => undefined)
  if (target === undefined || status === undefined) {
    // What has no ending may have been a directory.
    if (isManifest || extname(path) === '') found.unread.push({ path, why: 'is a link that leads nowhere' })
    return TOLD
  }
  if (!isManifest && !status.isDirectory() && !isCalledInput(basename(path))) return TOLD
  if (status.isDirectory() && isIgnored(`${here.at(path)}/`)) {
    found.ignored.push(path)
    return TOLD
  }
  const isInside = roots.some((root) => target === root || target.startsWith(root === sep ? sep : `${root}${sep}`))
  if (isInside && !status.isDirectory()) {
    if (isManifest) linked.add(target)
    return kindOf(status)
  }
  if (isInside) links.push({ path, here })
  // Helm follows the links of a chart by itself.
  else if (!here.chart) {
    const why = `is a link to ${target}, outside of what is read`
    found[isManifest || status.isDirectory() ? 'unread' : 'notRead'].push({ path, why })
  }
  return TOLD
}

async function holdsManifests(directory: string): Promise<boolean> {
  try {
    for await (const entry of await opendir(directory, { recursive: true })) {
      if (MANIFEST_FILE.test(entry.name) && !entry.isDirectory()) return true
    }
    return false
  } catch {
    // Nobody knows.
    return true
  }
}

function sorted({ files, lists, scripts, charts, kustomizations, ...told }: Walk['found']): DirectoryContent {
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1)
  return {
    files: files.sort(),
    lists: lists.sort(),
    scripts: scripts.sort(),
    charts: charts.map(({ path, files }) => ({ path, files: files.toSorted() })).sort(byPath),
    kustomizations: kustomizations.sort(),
    unread: told.unread.sort(byPath),
    notRead: told.notRead.sort(byPath),
    passedOver: told.passedOver.sort(),
    ignored: told.ignored.sort(),
  }
}
