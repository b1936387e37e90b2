import { resolve } from 'node:path'
import { ExpectedError } from '../../../errors.ts'
import { remoteSchemas } from './chart-schemas.ts'
import type { RemoteAddress } from './kustomization.ts'
import { type Rendered, refuseRemote, runRenderer } from './renderer.ts'

/** What `--values` and `--set` say, in the order given, and whether what is elsewhere may be asked for. */
export interface HelmOptions {
  /** The name under which it is or will be installed, which most names are made of; `release` where nobody says. */
  readonly release?: string | undefined
  readonly values?: readonly string[] | undefined
  readonly set?: readonly string[] | undefined
  readonly allowRemote?: boolean | undefined
}

/**
 * A chart (folder or .tgz) as the user's own `helm` renders it.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE when helm is not here, when rendering fails, or would ask for what is
 *   elsewhere without being allowed to.
 */
export async function renderChart(
  chart: string,
  { release = 'release', values = [], set = [], allowRemote = false }: HelmOptions,
): Promise<Rendered> {
  const elsewhere = values.filter((file) => /^[a-z][a-z0-9+.-]*:\/\//i.test(file))
  const addresses = elsewhere.map((address): RemoteAddress => ({ address, file: '--values', line: 1 }))
  const asked = [...addresses, ...(await remoteSchemas(chart))]
  refuseRemote(chart, asked, allowRemote)
  const flags = [...values.map((file) => `--values=${file}`), ...set.map((value) => `--set=${value}`)]
  const args = ['template', '--include-crds', ...flags, '--', release, resolve(chart)]
  return { text: (await runRenderer('helm', args, { input: chart, allowRemote })) ?? refuseWithoutHelm(chart), asked }
}

/** The Chart.yaml of a chart. @throws {ExpectedError} INPUT_UNREADABLE */
export async function showChart(chart: string): Promise<string> {
  const args = ['show', 'chart', '--', resolve(chart)]
  return (await runRenderer('helm', args, { input: chart, allowRemote: false })) ?? refuseWithoutHelm(chart)
}

function refuseWithoutHelm(chart: string): never {
  throw new ExpectedError('INPUT_UNREADABLE', `${chart}: is a Helm chart, and helm is not here`, {
    hint: `Install helm; or run where it is: helm template ${chart} | nodeseed scan -`,
  })
}
