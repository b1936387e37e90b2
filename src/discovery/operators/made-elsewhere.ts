import { type Path, valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import type { Settling } from '../collect/settlings.ts'
import { matchPath, parsePath } from '../rules/path-pattern.ts'
import { isSet, valueFrom } from '../rules/values-from.ts'
import { chartNamedIn } from './charts-named.ts'
import { choiceOf } from './choices/choices.ts'
import { isServer, runningShape } from './running-shape.ts'

/** A resource from which something else makes workloads, so that their images stand nowhere in it. */
export interface MadeElsewhere {
  readonly code: 'CHART_ELSEWHERE' | 'MANIFESTS_ELSEWHERE' | 'OPERATOR_CHOOSES' | 'VALUE_NOT_READ'
  /** `chart storage 3.2.0`, `version 9.4.3`. */
  readonly what: string
  /** What is taken for it, where something is. */
  readonly instead?: string | undefined
  readonly path: Path
  /** Where in the text at that path, in lines from its start; undefined where it is no part of a text. */
  readonly textLine?: number
  /** What in the inputs makes it known all the same. */
  readonly unless?: Settling
}

/** Generators of an ApplicationSet, each of which may have a template of its own. */
const GENERATORS = 'list clusters git matrix merge scmProvider pullRequest clusterDecisionResource plugin'.split(' ')

/** Kinds that install a chart, and where its name and version stand. */
const CHARTS: readonly {
  readonly group: string
  readonly kind: string
  readonly chart: string
  readonly version: string
  /** Whether it counts only where it is an address in a registry. */
  readonly isAddress?: true
  /** Whether it is no name, but the chart itself. */
  readonly isPacked?: true
}[] = [
  {
    group: 'helm.toolkit.fluxcd.io',
    kind: 'HelmRelease',
    chart: 'spec.chart.spec.chart',
    version: 'spec.chart.spec.version',
  },
  { group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease', chart: 'spec.chartRef.name', version: '' },
  { group: 'helm.cattle.io', kind: 'HelmChart', chart: 'spec.chart', version: 'spec.version' },
  { group: 'helm.cattle.io', kind: 'HelmChart', chart: 'spec.chartContent', version: '', isPacked: true },
  ...['helm.rawChart', 'providerConfig.chart'].map((chart) => ({
    ...({ group: 'core.gardener.cloud', kind: 'ControllerDeployment', chart, version: '', isPacked: true } as const),
  })),
  { group: 'helm.k0sproject.io', kind: 'Chart', chart: 'spec.chartName', version: 'spec.version' },
  { group: 'argoproj.io', kind: 'Application', chart: 'spec.source.chart', version: 'spec.source.targetRevision' },
  {
    group: 'argoproj.io',
    kind: 'Application',
    chart: 'spec.sources[*].chart',
    version: 'spec.sources[*].targetRevision',
  },
  {
    group: 'argoproj.io',
    kind: 'ApplicationSet',
    chart: 'spec.template.spec.source.chart',
    version: 'spec.template.spec.source.targetRevision',
  },
  ...GENERATORS.map((generator) => {
    const source = `spec.generators[*].${generator}.template.spec.source`
    const [chart, version] = [`${source}.chart`, `${source}.targetRevision`]
    return { group: 'argoproj.io', kind: 'ApplicationSet', chart, version }
  }),
  ...['Application spec', 'ApplicationSet spec.template.spec'].flatMap((place) => {
    const [kind = '', spec] = place.split(' ')
    return ['source', 'sources[*]'].map((source) => ({
      ...({ group: 'argoproj.io', kind, chart: `${spec}.${source}.repoURL`, isAddress: true } as const),
      version: `${spec}.${source}.targetRevision`,
    }))
  }),
  { group: 'content.hauler.cattle.io', kind: 'Charts', chart: 'spec.charts[*].name', version: '' },
  ...['zarf.dev', ''].map((group) => ({
    ...{ group, kind: 'ZarfPackageConfig', chart: 'components[*].charts[*].name', version: '' },
  })),
  {
    group: 'mirror.openshift.io',
    kind: 'ImageSetConfiguration',
    chart: 'mirror.helm.repositories[*].charts[*].name',
    version: '',
  },
  ...(
    [
      ['addons.cluster.x-k8s.io HelmChartProxy', 'spec.chartName', 'spec.version'],
      ['addons.cluster.x-k8s.io HelmReleaseProxy', 'spec.chartName', 'spec.version'],
      ['fleet.cattle.io Bundle', 'spec.helm.chart', 'spec.helm.version'],
      ['fleet.cattle.io HelmOp', 'spec.helm.chart', 'spec.helm.version'],
      ['fleet.cattle.io HelmOp', 'spec.helm.repo', 'spec.helm.version'],
      ['core.gardener.cloud ControllerDeployment', 'helm.ociRepository.ref', ''],
      ['operator.gardener.cloud Extension', 'spec.deployment.extension.helm.ociRepository.ref', ''],
      ['core.gardener.cloud ControllerDeployment', 'helm.ociRepository.repository', 'helm.ociRepository.tag'],
      ['helm.crossplane.io Release', 'spec.forProvider.chart.name', 'spec.forProvider.chart.version'],
      ['helm.crossplane.io Release', 'spec.forProvider.chart.url', ''],
      ['helm.m.crossplane.io Release', 'spec.forProvider.chart.name', 'spec.forProvider.chart.version'],
      ['helm.m.crossplane.io Release', 'spec.forProvider.chart.url', ''],
      ['apps.open-cluster-management.io HelmRelease', 'repo.chartName', 'repo.version'],
      ['project.cattle.io App', 'spec.externalId', ''],
      ['helm.fluxcd.io HelmRelease', 'spec.chart.name', 'spec.chart.version'],
      ['helm.fluxcd.io HelmRelease', 'spec.chart.git', 'spec.chart.ref'],
      ['kappctrl.k14s.io App', 'spec.fetch[*].helmChart.name', 'spec.fetch[*].helmChart.version'],
      ['config.projectsveltos.io ClusterProfile', 'spec.helmCharts[*].chartName', 'spec.helmCharts[*].chartVersion'],
      ['config.projectsveltos.io Profile', 'spec.helmCharts[*].chartName', 'spec.helmCharts[*].chartVersion'],
    ] as const
  ).map(([of, chart, version]) => {
    const [group = '', kind = ''] = of.split(' ')
    return { group, kind, chart, version }
  }),
]

/** Kinds that are nothing without a chart. */
const NAMES_CHART: ReadonlySet<string> = new Set(['helm.cattle.io/HelmChart', 'helm.k0sproject.io/Chart'])

/** The chart that a resource installs, or the manifests that it brings. */
export function chartOf({
  apiVersion,
  kind,
  value,
}: Pick<Resource, 'apiVersion' | 'kind' | 'value'>): MadeElsewhere | undefined {
  if (kind === 'OCIRepository' && groupOf(apiVersion) === 'source.toolkit.fluxcd.io') {
    return { code: 'CHART_ELSEWHERE', what: `artifact ${valueAt(value, ['spec', 'url'])}`, path: ['spec', 'url'] }
  }
  for (const row of CHARTS) {
    if (row.kind !== kind || row.group !== groupOf(apiVersion)) continue
    const path = matchPath(value, parsePath(row.chart)).find((one) => !isBeside(valueAt(value, one.slice(0, -1))))
    const name = path && valueAt(value, path)
    if (!path || typeof name !== 'string' || name === '' || (row.isAddress && !name.startsWith('oci://'))) continue
    if (row.isPacked) return { code: 'CHART_ELSEWHERE', what: `chart that is packed in its ${path.at(-1)}`, path }
    const [at] = row.version === '' ? [] : matchPath(value, parsePath(row.version))
    const version = at && valueAt(value, at)
    return { code: 'CHART_ELSEWHERE', what: `chart ${name}${version === undefined ? '' : ` ${version}`}`, path }
  }
  const named = chartNamedIn({ apiVersion, value })
  if (!named && NAMES_CHART.has(`${groupOf(apiVersion)}/${kind}`))
    return { code: 'CHART_ELSEWHERE', what: 'chart that it does not name', path: ['kind'] }
  if (!named) return undefined
  const what = `chart ${named.name}${named.version === undefined ? '' : ` ${named.version}`}`
  return { code: 'CHART_ELSEWHERE', what, path: named.path }
}

/** What lies beside a file is found by what is read there. */
function isBeside(chart: unknown): boolean {
  return isObject(chart) && typeof chart.localPath === 'string'
}

const VERSION = /^v?\d{1,5}(?:[._]\d{1,5}){1,3}(?:[-+][\w.+-]{1,60})?$/
/** Kinds of these groups have no operator that makes pods of a version, or are no resources of a cluster. */
const OTHER_GROUPS =
  /^$|^(?:apps|batch|extensions|policy|autoscaling)$|(?:^|\.)(?:[a-z]+\.k8s\.io|fluxcd\.io|operators\.coreos\.com)$/
/** Versions of an interface, a format or a chart: nothing runs in them. */
const OTHER_VERSIONS =
  /^(?:api|chart|config|format|http|ip|log|max|min|minimum|maximum|policy|protocol|resource|schema|spec|ssl|tls|target|template)_?version$/i

/**
 * That an operator chooses images for a resource: its kind is known for it and what it would name is not there, or the
 * resource says a version and names no image (`isSilent`).
 */
export function choiceFor(
  { apiVersion, kind, value }: Pick<Resource, 'apiVersion' | 'kind' | 'value'>,
  isSilent: boolean,
): MadeElsewhere | undefined {
  const group = groupOf(apiVersion)
  const choice = choiceOf(group, kind)
  if (choice?.settledBy) {
    const { what, settledBy, unless } = choice
    if (unless !== undefined && isSet(unless, value, [])) return undefined
    const settling =
      settledBy instanceof RegExp ? ({ form: 'image', repository: settledBy } as const) : { form: settledBy }
    return { code: 'OPERATOR_CHOOSES', what, path: ['kind'], unless: settling }
  }
  const [path, pattern] = choice?.where ?? []
  if (path !== undefined && !pattern?.test(valueFrom(path, value, [])?.text ?? '')) return undefined
  if (choice) {
    const isNamed = choice.unless === undefined ? !isSilent : isSet(choice.unless, value, [])
    if (isNamed) return undefined
    const version = choice.version === undefined ? undefined : valueFrom(choice.version, value, [])
    const what = version ? `${choice.what} ${version.text}` : choice.what
    return { code: 'OPERATOR_CHOOSES', what, path: version?.path ?? ['kind'] }
  }
  if (!isSilent) return undefined
  if (OTHER_GROUPS.test(group) && !/(?:^|\.)cluster\.x-k8s\.io$/.test(group)) return undefined
  if (CHARTS.some((row) => row.kind === kind && row.group === group) || chartNamedIn({ apiVersion, value }))
    return undefined
  const shown = versionIn(value) ?? (isServer(group, kind) ? serverOf(kind) : undefined)
  const shape = shown ? undefined : runningShape(group, { kind, value })
  return shape ? { code: 'OPERATOR_CHOOSES', what: `its pods (${shape.join('.')})`, path: shape } : shown
}

function serverOf(kind: string): MadeElsewhere {
  return { code: 'OPERATOR_CHOOSES', what: kind, path: ['kind'] }
}

function versionIn(value: Resource['value']): MadeElsewhere | undefined {
  const spec = isObject(value.spec) ? value.spec : {}
  const maps = Object.entries(spec).flatMap(([key, part]) => (isObject(part) ? [{ path: ['spec', key], part }] : []))
  for (const { path, part } of [{ path: ['spec'], part: spec }, ...maps]) {
    for (const [key, version] of Object.entries(part)) {
      if (!/version$/i.test(key) || OTHER_VERSIONS.test(key)) continue
      if (typeof version !== 'string' || !VERSION.test(version)) continue
      return { code: 'OPERATOR_CHOOSES', what: `version ${version}`, path: [...path, key] }
    }
  }
  return undefined
}
