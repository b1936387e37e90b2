import type { ChartInstall } from '../../discovery/charts/chart-install.ts'
import type { RepositoryTree } from '../inputs/deployed/repository-tree.ts'
import { readText } from '../texts/read-text.ts'

/** How a chart is installed; files of values are those in the chart, and texts. */
export type HowInstalled = Omit<ChartInstall, 'namer' | 'source' | 'unknown' | 'valuesFiles'> & {
  readonly valuesFiles: readonly (string | { readonly text: string })[]
}

/** An install with its files of values that are among the inputs; those that are not are unknown. */
export async function withTreeFiles(
  install: ChartInstall,
  tree: RepositoryTree | undefined,
): Promise<{ how: HowInstalled; unknown: readonly string[] }> {
  const files: (string | { text: string })[] = []
  const unknown = [...install.unknown]
  for (const file of install.valuesFiles) {
    if (typeof file === 'string') files.push(file)
    if (typeof file === 'object' && 'values' in file) files.push({ text: JSON.stringify(file.values) })
    if (typeof file === 'string' || 'values' in file) continue
    const [found, other] = (await tree?.find(file)) ?? []
    if (found !== undefined) files.push({ text: await readText(found) })
    else if (!install.ignoresMissing) unknown.push(`the values in ${file.path} of ${file.repository} are not here`)
    if (other !== undefined) unknown.push(`whether ${found} or ${other} holds its values is not known`)
  }
  return { how: { ...install, valuesFiles: files }, unknown }
}
