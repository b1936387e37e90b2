import { type Path, valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import { matchPath, parsePath } from '../rules/path-pattern.ts'

/** A resource from which something else makes workloads, so that their images stand nowhere in it. */
export interface MadeElsewhere {
  readonly code: 'CHART_ELSEWHERE' | 'OPERATOR_CHOOSES'
  /** `chart storage 3.2.0`, `version 9.4.3`. */
  readonly what: string
  readonly path: Path
}

/** Kinds that install a chart, and where its name and version stand. */
const CHARTS: readonly {
  readonly group: string
  readonly kind: string
  readonly chart: string
  readonly version: string
}[] = [
  {
    group: 'helm.toolkit.fluxcd.io',
    kind: 'HelmRelease',
    chart: 'spec.chart.spec.chart',
    version: 'spec.chart.spec.version',
  },
  { group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease', chart: 'spec.chartRef.name', version: '' },
  { group: 'helm.cattle.io', kind: 'HelmChart', chart: 'spec.chart', version: 'spec.version' },
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
  { group: 'addons.cluster.x-k8s.io', kind: 'HelmChartProxy', chart: 'spec.chartName', version: 'spec.version' },
]

/** The chart that a resource installs. */
export function chartOf({ apiVersion, kind, value }: Resource): MadeElsewhere | undefined {
  for (const row of CHARTS) {
    if (row.kind !== kind || row.group !== groupOf(apiVersion)) continue
    const [path] = matchPath(value, parsePath(row.chart))
    const name = path && valueAt(value, path)
    if (!path || typeof name !== 'string') continue
    const [at] = row.version === '' ? [] : matchPath(value, parsePath(row.version))
    const version = at && valueAt(value, at)
    return { code: 'CHART_ELSEWHERE', what: `chart ${name}${version === undefined ? '' : ` ${version}`}`, path }
  }
  return undefined
}

const VERSION = /^v?\d{1,5}(?:\.\d{1,5}){1,3}(?:[-+][\w.+-]{1,60})?$/
/** Kinds of these groups have no operator that makes pods of a version, or are no resources of a cluster. */
const OTHER_GROUPS =
  /^$|^(?:apps|batch|extensions|policy|autoscaling)$|(?:^|\.)(?:[a-z]+\.k8s\.io|fluxcd\.io|operators\.coreos\.com)$/

/** The version from which an operator chooses images, of a custom resource that names none. */
export function versionOf({ apiVersion, kind, value }: Resource): MadeElsewhere | undefined {
  const group = groupOf(apiVersion)
  if (OTHER_GROUPS.test(group) && !/(?:^|\.)cluster\.x-k8s\.io$/.test(group)) return undefined
  if (CHARTS.some((row) => row.kind === kind && row.group === group)) return undefined
  const spec = isObject(value.spec) ? value.spec : {}
  const parts = Object.entries(spec).flatMap(([key, part]) => (isObject(part) ? [['spec', key, 'version']] : []))
  for (const path of [['spec', 'version'], ...parts]) {
    const version = valueAt(value, path)
    if (typeof version === 'string' && VERSION.test(version))
      return { code: 'OPERATOR_CHOOSES', what: `version ${version}`, path }
  }
  return undefined
}
