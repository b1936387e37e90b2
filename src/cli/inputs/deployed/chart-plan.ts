import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ChartInstall, TreePath } from '../../../discovery/charts/chart-install.ts'
import { type Finding, finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import type { RepositoryTree } from './repository-tree.ts'

/** A chart of the inputs as a resource among them installs it. */
export interface DeployedChart {
  readonly install: ChartInstall
  /** Its files of values, in their order. */
  readonly values: readonly string[]
  /** What is not known of it, as of a {@link ChartInstall}. */
  readonly unknown: readonly string[]
}

/** Which charts of the inputs are installed by what, by their real paths; and what could not be told. */
export interface ChartPlan {
  readonly charts: ReadonlyMap<string, readonly DeployedChart[]>
  readonly findings: readonly Finding[]
}

/** Finds the charts of the inputs, given by their real paths, that installs mean. */
export async function planCharts(
  installs: readonly ChartInstall[],
  charts: ReadonlySet<string>,
  tree: RepositoryTree,
): Promise<ChartPlan> {
  const planned = new Map<string, DeployedChart[]>()
  const findings: Finding[] = []
  for (const install of installs) {
    const { source, namer } = install
    if (source.at !== 'tree') continue
    const here = (await tree.candidates(source)).filter((path) => charts.has(path))
    if (here.length === 0) continue
    if (!tree.isOwn(source)) {
      const what = `whether ${source.path} of ${source.repository} is what is here is not known`
      findings.push(valuesUnknownAt(namer, what))
      continue
    }
    const doubt = here.length > 1 ? [`whether ${here.join(' or ')} is its chart is not known`] : []
    for (const chart of here) {
      const { files, missing } = await valuesFilesOf(install, chart, tree)
      const unknown = [...install.unknown, ...doubt, ...missing.map((file) => `the values in ${file} are not here`)]
      planned.set(chart, [...(planned.get(chart) ?? []), { install, values: files, unknown }])
    }
  }
  return { charts: planned, findings }
}

function valuesUnknownAt(namer: ChartInstall['namer'], what: string): Finding {
  const message = `${nameOfResource(namer)}: ${what}, so the chart here is rendered without its values`
  return finding('CHART_VALUES_UNKNOWN', message, { file: namer.file, line: namer.line })
}

/** The files of values of an install that are at hand, by their real paths. */
export async function valuesFilesOf(
  { valuesFiles, ignoresMissing }: Pick<ChartInstall, 'valuesFiles' | 'ignoresMissing'>,
  chart: string,
  tree: RepositoryTree,
): Promise<{ files: string[]; missing: string[] }> {
  const files: string[] = []
  const missing: string[] = []
  for (const named of valuesFiles) {
    const [file] = typeof named === 'string' ? await inChart(named, chart, tree) : await tree.find(named)
    if (file !== undefined) files.push(file)
    else if (!ignoresMissing) missing.push(typeof named === 'string' ? named : shownPath(named))
  }
  return { files, missing }
}

async function inChart(named: string, chart: string, tree: RepositoryTree): Promise<string[]> {
  const real = await realpath(resolve(chart, named)).catch(() => undefined)
  return real !== undefined && tree.holds(real) ? [real] : []
}

function shownPath({ repository, path }: TreePath): string {
  return repository === undefined ? path : `${path} of ${repository}`
}
