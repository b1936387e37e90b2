import { readdir, realpath, stat } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { readError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import { contentOf, type DirectoryContent } from './contents/directory.ts'
import { IGNORE_FILE } from './contents/ignore-file.ts'
import { KUSTOMIZATION_FILES } from './render/kustomization.ts'
import { idleComponents, type Overlay, outermostOverlays } from './render/overlays.ts'

/**
 * Where documents come from. What an input is, is decided here and nowhere later; a directory is the sources in it.
 */
export type Source = { readonly kind: 'stdin' } | PlacedSource

/** One that has a path. */
export type PlacedSource =
  /** Found below a directory, for what it is; named, where it may be manifests or a list. */
  | { readonly kind: 'manifests' | 'list' | 'script' | 'text'; readonly path: string }
  /** Rendered by the user's own tools; `otherwise` stands for it where that fails. */
  | { readonly kind: 'chart'; readonly path: string; readonly otherwise: readonly PlacedSource[] }
  /** So is a kustomization; `beside` is what it stands for, whether or not it includes it. */
  | {
      readonly kind: 'kustomization'
      readonly path: string
      readonly beside: readonly string[]
      /** What an ignore file names, which it may include all the same. */
      readonly ignored: readonly string[]
      readonly otherwise: readonly PlacedSource[]
    }
  /** What is there and is not read, or what is to be known of how the others are. */
  | { readonly kind: 'notice'; readonly path: string; readonly finding: Finding }

/**
 * The sources that one `INPUT` names: itself, or what is below a directory: manifests in name order, then
 * kustomizations, then charts. `others` are the real paths of the other inputs, which links may lead to.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function sourcesOf(input: string, others: readonly string[] = []): Promise<readonly Source[]> {
  if (input === '-') return [{ kind: 'stdin' }]
  try {
    if (!(await stat(input)).isDirectory()) return [sourceOfFile(input)]
    const names = new Set(await readdir(input))
    if (names.has('Chart.yaml')) return [{ kind: 'chart', path: input, otherwise: [] }]
    const content = await contentOf(input, others)
    const isKustomization = KUSTOMIZATION_FILES.some((name) => names.has(name))
    return isKustomization ? [kustomizationAt(input, content)] : await sourcesIn(input, content)
  } catch (error) {
    throw readError(input, error)
  }
}

function sourceOfFile(path: string): PlacedSource {
  return /\.tgz$|\.tar\.gz$/i.test(path) ? { kind: 'chart', path, otherwise: [] } : { kind: 'text', path }
}

/** A kustomization that is named stands for all below it. */
function kustomizationAt(path: string, content: DirectoryContent): PlacedSource {
  const { files, lists, scripts, kustomizations, charts: below, ignored, notRead } = content
  const others = kustomizations.filter((one) => one !== path)
  const found = [...files, ...lists, ...others, ...below.map((chart) => chart.path)]
  const beside = [...found, ...notRead.map((one) => one.path)]
  return {
    kind: 'kustomization',
    path,
    beside,
    ignored,
    otherwise: [...manifests(files), ...lists.map(listAt), ...scripts.map(scriptAt), ...charts({ charts: below })],
  }
}

async function sourcesIn(directory: string, content: DirectoryContent): Promise<PlacedSource[]> {
  const overlays = await outermostOverlays(content.kustomizations)
  const taken = new Set(overlays.flatMap(({ tree }) => [...tree.files]))
  // A kustomization says how these are rendered.
  const inflated = overlays.flatMap(({ tree }) => [...tree.charts])
  const real = new Map(await Promise.all(content.charts.map(async ({ path }) => [path, await realpath(path)] as const)))
  const isAt = (one: { path: string }, chart: { path: string }) => one.path === real.get(chart.path)
  const free: string[] = []
  const ignored: string[] = []
  for (const file of content.ignored) {
    if (!taken.has(await realpath(file).catch(() => file))) ignored.push(file)
  }
  const byRealPath = new Map<string, string>()
  const kinds = new Map<string, (path: string) => PlacedSource>([
    ...content.lists.map((file) => [file, listAt] as const),
    ...content.scripts.map((file) => [file, scriptAt] as const),
  ])
  for (const file of [...content.files, ...kinds.keys()]) {
    const real = overlays.length === 0 ? file : await realpath(file).catch(() => file)
    byRealPath.set(real, file)
    if (!taken.has(real)) free.push(file)
  }
  const sources = (files: readonly string[]) => files.map((file) => (kinds.get(file) ?? manifestsAt)(file))
  return [
    ...content.unread.map(
      ({ path, why }): PlacedSource => notice(path, finding('FILE_UNREADABLE', `${path}: ${why}`, { file: path })),
    ),
    ...content.passedOver.map((path) =>
      notice(path, finding('PASSED_OVER', `${path}: is passed over for its name`, { file: path })),
    ),
    ...content.notRead
      .filter(({ path }) => !taken.has(path))
      .map(({ path, why }) => notice(path, finding('NOT_READ', `${path}: ${why}`, { file: path }))),
    ...ignored.map((path) => notice(path, ignoredFinding(path))),
    ...sources(free),
    ...(await idleComponents(content.kustomizations, overlays)).map((path) =>
      notice(path, finding('NOT_INCLUDED', `${path}: no kustomization includes this component`, { file: path })),
    ),
    ...(overlays.length > 1 ? [severalOverlays(directory, overlays)] : []),
    ...overlays.map(({ directory: path, tree }): PlacedSource => {
      const files = [...tree.files].flatMap((file) => byRealPath.get(file) ?? [])
      const own = charts({ charts: content.charts.filter((chart) => tree.charts.some((one) => isAt(one, chart))) })
      return { kind: 'kustomization', path, beside: [], ignored: [], otherwise: [...sources(files.sort()), ...own] }
    }),
    ...charts({ charts: content.charts.filter((chart) => !inflated.some((one) => isAt(one, chart))) }),
  ]
}

/** What an ignore file leaves out. */
export function ignoredFinding(file: string): Finding {
  return finding('FILE_IGNORED', `${file}: is named in ${IGNORE_FILE}`, { file })
}

function severalOverlays(directory: string, overlays: readonly Overlay[]): PlacedSource {
  const names = overlays.map((overlay) => overlay.directory).join(', ')
  const message = `${overlays.length} kustomizations are rendered, each by itself: ${names}`
  return notice(directory, finding('OVERLAYS_SEVERAL', message, { file: directory }))
}

function notice(path: string, told: Finding): PlacedSource {
  return { kind: 'notice', path, finding: told }
}

function charts(content: Pick<DirectoryContent, 'charts'>): PlacedSource[] {
  return content.charts.map(({ path, files }) => {
    // Of its templates helm has said what there is to say.
    const plain = files.filter((file) => !relative(path, file).split(sep).includes('templates'))
    return { kind: 'chart', path, otherwise: manifests(plain) }
  })
}

function manifests(files: readonly string[]): PlacedSource[] {
  return files.map(manifestsAt)
}

function manifestsAt(path: string): PlacedSource {
  return { kind: 'manifests', path }
}

function scriptAt(path: string): PlacedSource {
  return { kind: 'script', path }
}

function listAt(path: string): PlacedSource {
  return { kind: 'list', path }
}
