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
  readonly setString?: readonly string[] | undefined
  readonly namespace?: string | undefined
  /** What charts are told of the cluster that they are for. */
  readonly kubeVersion?: string | undefined
  readonly apiVersions?: readonly string[] | undefined
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
  {
    release = 'release',
    values = [],
    set = [],
    setString = [],
    namespace,
    kubeVersion,
    apiVersions = [],
    allowRemote = false,
  }: HelmOptions,
): Promise<Rendered> {
  const elsewhere = values.filter((file) => /^[a-z][a-z0-9+.-]*:\/\//i.test(file))
  const addresses = elsewhere.map((address): RemoteAddress => ({ address, file: '--values', line: 1 }))
  const asked = [...addresses, ...(await remoteSchemas(chart))]
  refuseRemote(chart, asked, allowRemote)
  const flags = [
    ...values.map((file) => `--values=${file}`),
    ...set.map((value) => `--set=${value}`),
    ...setString.map((value) => `--set-string=${value}`),
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    ...(kubeVersion === undefined ? [] : [`--kube-version=${kubeVersion}`]),
    ...apiVersions.map((version) => `--api-versions=${version}`),
  ]
  const args = ['template', '--include-crds', ...flags, '--', release, resolve(chart)]
  return { text: (await runRenderer('helm', args, { input: chart, allowRemote })) ?? refuseWithoutHelm(chart), asked }
}

/** How a chart is rendered, for people; of what `--set` says only the keys, since the values may be secret. */
export function howRendered({
  release,
  values = [],
  set = [],
  namespace,
  kubeVersion,
  apiVersions = [],
}: HelmOptions): string {
  const said = [
    ...(values.length > 0 ? [`values ${values.join(', ')}`] : []),
    ...(set.length > 0 ? [`${set.map((one) => one.replace(/=.*/s, '')).join(', ')} set`] : []),
  ]
  return [
    said.length > 0 ? `with ${said.join(' and ')}` : 'with its default values',
    ...(release === undefined ? [] : [`as release ${release}`]),
    ...(namespace === undefined ? [] : [`in namespace ${namespace}`]),
    ...(kubeVersion === undefined ? [] : [`for Kubernetes ${kubeVersion}`]),
    ...(apiVersions.length > 0 ? [`with ${apiVersions.join(', ')}`] : []),
  ].join(', ')
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
