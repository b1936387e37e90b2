import { realpath } from 'node:fs/promises'
import { type Kustomization, type RemoteAddress, readKustomization } from './kustomization.ts'

/** Everything that rendering a kustomization reads on this machine, and what it would ask for elsewhere. */
export interface KustomizationTree {
  /** Directories of the kustomizations below it, without itself. */
  readonly directories: ReadonlySet<string>
  readonly files: ReadonlySet<string>
  readonly remote: readonly RemoteAddress[]
  readonly charts: Kustomization['charts']
  readonly special: Kustomization['special']
}

/** Follows a kustomization to all that it includes; each directory is read once. */
export async function kustomizationTree(root: string): Promise<KustomizationTree> {
  const directories = new Set<string>()
  const files = new Set<string>()
  const remote: RemoteAddress[] = []
  const charts: Kustomization['charts'][number][] = []
  const special: Kustomization['special'][number][] = []
  const waiting = [await realpath(root)]
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    const kustomization = await readKustomization(directory)
    if (!kustomization) continue
    for (const file of kustomization.files) files.add(file)
    remote.push(...kustomization.remote)
    charts.push(...kustomization.charts)
    special.push(...kustomization.special)
    for (const below of kustomization.directories) {
      if (directories.has(below)) continue
      directories.add(below)
      waiting.push(below)
    }
  }
  return { directories, files, remote, charts, special }
}

/** Of files and directories those that rendering a kustomization does not read. */
export async function notIncluded(root: string, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return []
  const { files, directories } = await kustomizationTree(root)
  const real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)))
  return paths.filter((_, index) => !files.has(real[index] ?? '') && !directories.has(real[index] ?? ''))
}
