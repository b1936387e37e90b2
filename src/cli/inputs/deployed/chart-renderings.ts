import { cp, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { howInstalled } from '../../../discovery/charts/chart-install.ts'
import { mergeValues, type Values } from '../../../discovery/charts/values.ts'
import { valuesInText } from '../../../discovery/charts/values-from.ts'
import { inWorkDirectory } from '../../../disk/work-directory.ts'
import { ExpectedError } from '../../../errors.ts'
import { type Finding, finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import { type HelmOptions, howRendered, renderChart } from '../render/helm.ts'
import type { Rendered } from '../render/renderer.ts'
import type { DeployedChart, HeldValues } from './chart-plan.ts'

/** One way in which a chart or a kustomization of the inputs is rendered, and what is said of it. */
export interface SourceRendering {
  readonly findings: readonly Finding[]
  /** @throws {ExpectedError} INPUT_UNREADABLE */
  render(): Promise<Rendered>
}

/** A chart as flags or a project file say that it is installed. */
export function saidRendering(chart: string, settings: HelmOptions): SourceRendering {
  const message = `${chart}: rendered ${howRendered(settings)}`
  return {
    findings: [finding('CHART_RENDERED', message, { file: chart })],
    render: () => renderChart(chart, settings),
  }
}

/** A chart as a resource installs it, with what flags say over that. */
export function deployedRendering(chart: string, deployed: DeployedChart, flags: HelmOptions): SourceRendering {
  const { install, unknown } = deployed
  const { namer } = install
  const place = { file: namer.file, line: namer.line }
  const name = nameOfResource(namer)
  const message = `${chart}: rendered as ${name} installs it, ${howInstalled(install)}`
  return {
    findings: [
      finding('CHART_RENDERED', message, place),
      ...unknown.map((what) =>
        finding('CHART_VALUES_UNKNOWN', `${name}: ${what}, so its chart is rendered without`, place),
      ),
    ],
    render: () =>
      inWorkDirectory((directory) => renderDeployed(chart, deployed, flags, directory)).catch((error) => {
        throw withoutOurFiles(error, name)
      }),
  }
}

/** What helm was given of ours is gone. */
function withoutOurFiles(error: unknown, name: string): unknown {
  if (!(error instanceof ExpectedError) || !error.hint?.startsWith('See what it says')) return error
  const hint = `It is rendered as ${name} says: render it so where it is applied, and scan the result: helm template NAME CHART --values FILE | nodeseed scan -`
  return new ExpectedError(error.code, error.message, { hint, cause: error })
}

async function renderDeployed(
  chart: string,
  { install, values }: DeployedChart,
  flags: HelmOptions,
  directory: string,
): Promise<Rendered> {
  const copy = install.replacesDefaults ? join(directory, basename(chart)) : undefined
  if (copy !== undefined) {
    await cp(chart, copy, { recursive: true })
    await writeFile(join(copy, 'values.yaml'), JSON.stringify(await merged(values)))
  }
  const layers: string[] = []
  for (const layer of [...(copy === undefined ? values : []), { values: install.values }]) {
    const file = typeof layer === 'string' ? layer : join(directory, `values-${layers.length}.yaml`)
    if (typeof layer !== 'string') await writeFile(file, JSON.stringify(layer.values), { mode: 0o600 })
    layers.push(file)
  }
  return renderChart(copy ?? chart, {
    release: install.release,
    namespace: install.namespace,
    kubeVersion: flags.kubeVersion ?? install.kubeVersion,
    apiVersions: [...install.apiVersions, ...(flags.apiVersions ?? [])],
    values: [...layers, ...(flags.values ?? [])],
    set: [...install.set, ...(flags.set ?? [])],
    setString: [...install.setString, ...(flags.setString ?? [])],
    allowRemote: flags.allowRemote,
  })
}

async function merged(layers: readonly HeldValues[]): Promise<Values> {
  let all: Values = {}
  for (const layer of layers) {
    const values = typeof layer === 'string' ? valuesInText(await readFile(layer, 'utf8'), layer).values : layer.values
    all = mergeValues(all, values)
  }
  return all
}
