import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ChartInstall, TreePath } from '../../../discovery/charts/chart-install.ts'
import type { Values } from '../../../discovery/charts/values.ts'
import { type Finding, finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import { withChartOverrides } from './argo-overrides.ts'
import type { RepositoryTree } from './repository-tree.ts'

/** A chart of the inputs as a resource among them installs it. */
export interface DeployedChart {
  readonly install: ChartInstall
  /** What comes before the values of the install, in its order: files, and values themselves. */
  readonly values: readonly HeldValues[]
  /** What is not known of it, as of a {@link ChartInstall}. */
  readonly unknown: readonly string[]
}

/** A file of values by its real path, or values. */
export type HeldValues = string | { readonly values: Values }

/** Which charts of the inputs are installed by what, by their real paths; and what could not be told. */
export interface ChartPlan {
  readonly charts: ReadonlyMap<string, readonly DeployedChart[]>
  /** The real paths of files of values that an install names, also of a chart that is elsewhere. */
  readonly values: ReadonlySet<string>
  readonly findings: readonly Finding[]
}

/** Finds the charts of the inputs, given by their real paths, that installs mean. */
export async function planCharts(
  installs: readonly ChartInstall[],
  charts: ReadonlySet<string>,
  tree: RepositoryTree,
): Promise<ChartPlan> {
  const planned = new Map<string, DeployedChart[]>()
  const used = new Set<string>()
  const findings: Finding[] = []
  for (const install of installs) {
    const { source, namer } = install
    if (source.at !== 'tree') {
      for (const file of await valuesBeside(install, tree)) used.add(file)
      continue
    }
    const here = (await tree.candidates(source)).filter((path) => charts.has(path))
    if (here.length === 0) {
      if (isBeside(source)) findings.push(notAmongInputs(namer, source.path))
      continue
    }
    if (!tree.isOwn(source)) {
      const what = `whether ${source.path} of ${source.repository} is what is here is not known`
      findings.push(valuesUnknownAt(namer, what))
      continue
    }
    const doubt = here.length > 1 ? [`whether ${here.join(' or ')} is its chart is not known`] : []
    for (const chart of here) {
      const overridden = await withChartOverrides(install, chart)
      const { files, missing } = await valuesFilesOf(install, chart, tree)
      for (const file of files) if (typeof file === 'string') used.add(file)
      const unknown = [...overridden.unknown, ...doubt, ...missing.map((file) => `the values in ${file} are not here`)]
      planned.set(chart, [...(planned.get(chart) ?? []), { install: overridden, values: files, unknown }])
    }
  }
  return { charts: planned, values: used, findings }
}

function valuesUnknownAt(namer: ChartInstall['namer'], what: string): Finding {
  const message = `${nameOfResource(namer)}: ${what}, so the chart here is rendered without its values`
  return finding('CHART_VALUES_UNKNOWN', message, { file: namer.file, line: namer.line })
}

/** A path that is written as one, so that no repository of charts is meant. */
function isBeside({ beside, path }: TreePath): boolean {
  return beside !== undefined && /^\.{0,2}\//.test(path)
}

function notAmongInputs(namer: ChartInstall['namer'], path: string): Finding {
  const message = `${nameOfResource(namer)}: installs the chart ${path}, which is not among the inputs`
  return finding('CHART_ELSEWHERE', message, { file: namer.file, line: namer.line })
}

/** The values of an install that are at hand. */
async function valuesFilesOf(
  { valuesFiles, ignoresMissing }: Pick<ChartInstall, 'valuesFiles' | 'ignoresMissing'>,
  chart: string,
  tree: RepositoryTree,
): Promise<{ files: HeldValues[]; missing: string[] }> {
  const files: HeldValues[] = []
  const missing: string[] = []
  for (const layer of valuesFiles) {
    if (typeof layer === 'object' && 'values' in layer) {
      files.push(layer)
      continue
    }
    const [file] = typeof layer === 'string' ? await inChart(layer, chart, tree) : await tree.find(layer)
    if (file !== undefined) files.push(file)
    else if (!ignoresMissing) missing.push(typeof layer === 'string' ? layer : shownPath(layer))
  }
  return { files, missing }
}

/** Files here that hold values of a chart which is not. */
async function valuesBeside({ valuesFiles }: ChartInstall, tree: RepositoryTree): Promise<string[]> {
  const found = await Promise.all(
    valuesFiles.map((layer) => (typeof layer === 'object' && 'path' in layer ? tree.find(layer) : [])),
  )
  return found.flat()
}

async function inChart(named: string, chart: string, tree: RepositoryTree): Promise<string[]> {
  const real = await realpath(resolve(chart, named)).catch(() => undefined)
  return real !== undefined && tree.holds(real) ? [real] : []
}

function shownPath({ repository, path }: TreePath): string {
  return repository === undefined ? path : `${path} of ${repository}`
}
