import { cp, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { mergeValues, type Values } from '../../../discovery/charts/values.ts'
import { valuesInText } from '../../../discovery/charts/values-from.ts'
import { inWorkDirectory } from '../../../disk/work-directory.ts'
import { type Finding, finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import { type HelmOptions, howRendered, renderChart } from '../render/helm.ts'
import type { Rendered } from '../render/renderer.ts'
import type { DeployedChart } from './chart-plan.ts'

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
  const { namer, release, namespace } = install
  const place = { file: namer.file, line: namer.line }
  const name = nameOfResource(namer)
  const message = [
    `${chart}: rendered as ${name} installs it`,
    `as release ${release}`,
    ...(namespace === undefined ? [] : [`in namespace ${namespace}`]),
  ].join(', ')
  return {
    findings: [
      finding('CHART_RENDERED', message, place),
      ...unknown.map((what) =>
        finding('CHART_VALUES_UNKNOWN', `${name}: ${what}, so its chart is rendered without`, place),
      ),
    ],
    render: () => inWorkDirectory((directory) => renderDeployed(chart, deployed, flags, directory)),
  }
}

async function renderDeployed(
  chart: string,
  { install, values }: DeployedChart,
  flags: HelmOptions,
  directory: string,
): Promise<Rendered> {
  const own = join(directory, 'values.yaml')
  await writeFile(own, JSON.stringify(install.values), { mode: 0o600 })
  const copy = install.replacesDefaults ? join(directory, basename(chart)) : undefined
  if (copy !== undefined) {
    await cp(chart, copy, { recursive: true })
    await writeFile(join(copy, 'values.yaml'), JSON.stringify(await mergedFiles(values)))
  }
  return renderChart(copy ?? chart, {
    release: install.release,
    namespace: install.namespace,
    kubeVersion: flags.kubeVersion ?? install.kubeVersion,
    apiVersions: [...install.apiVersions, ...(flags.apiVersions ?? [])],
    values: [...(copy === undefined ? values : []), own, ...(flags.values ?? [])],
    set: [...install.set, ...(flags.set ?? [])],
    setString: [...install.setString, ...(flags.setString ?? [])],
    allowRemote: flags.allowRemote,
  })
}

async function mergedFiles(files: readonly string[]): Promise<Values> {
  let merged: Values = {}
  for (const file of files) merged = mergeValues(merged, valuesInText(await readFile(file, 'utf8'), file).values)
  return merged
}
