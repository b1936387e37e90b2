import { readdir, stat } from 'node:fs/promises'
import { readError } from '../../errors.ts'
import { contentOf, KUSTOMIZATION_FILES } from './directory.ts'

/**
 * Where documents come from. What an input is, is decided here and nowhere later; a directory is the sources in it.
 */
export type Source =
  | { readonly kind: 'stdin' }
  | { readonly kind: 'manifests' | 'list'; readonly path: string }
  /** Rendered by the user's own tools; `otherwise` stands for it where that fails. */
  | { readonly kind: 'chart' | 'kustomization'; readonly path: string; readonly otherwise: readonly Source[] }

/**
 * The sources that one `INPUT` names: itself, or what is below a directory: manifests in name order, then charts.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function sourcesOf(input: string): Promise<readonly Source[]> {
  if (input === '-') return [{ kind: 'stdin' }]
  try {
    if (!(await stat(input)).isDirectory()) return [sourceOfFile(input)]
    const names = new Set(await readdir(input))
    if (names.has('Chart.yaml')) return [{ kind: 'chart', path: input, otherwise: [] }]
    const below = await sourcesBelow(input)
    const isKustomization = [...KUSTOMIZATION_FILES].some((name) => names.has(name))
    return isKustomization ? [{ kind: 'kustomization', path: input, otherwise: below }] : below
  } catch (error) {
    throw readError(input, error)
  }
}

function sourceOfFile(path: string): Source {
  if (/\.txt$/i.test(path)) return { kind: 'list', path }
  return /\.tgz$|\.tar\.gz$/i.test(path) ? { kind: 'chart', path, otherwise: [] } : { kind: 'manifests', path }
}

async function sourcesBelow(directory: string): Promise<readonly Source[]> {
  const { files, charts } = await contentOf(directory)
  return [
    ...manifests(files),
    ...charts.map((chart): Source => ({ kind: 'chart', path: chart.path, otherwise: manifests(chart.files) })),
  ]
}

function manifests(files: readonly string[]): Source[] {
  return files.map((path) => ({ kind: 'manifests', path }))
}
