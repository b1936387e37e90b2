import { textsOf } from '../../kubernetes/objects/resource.ts'
import { digestOf } from '../../oci/digest.ts'
import {
  type ChartInstall,
  type ChartSource,
  isRegistryAddress,
  type NamedArtifact,
  PLAIN_INSTALL,
  repositoryAt,
} from './chart-install.ts'
import { type GitOpsResource, type GitOpsResources, mapAt, textAt } from './gitops-resources.ts'
import { joinValues, valuesFromReferences } from './values-from.ts'

const HELM = 'helm.toolkit.fluxcd.io'
const SOURCE = 'source.toolkit.fluxcd.io'

/** What the HelmReleases among resources install. Source: the API of Flux, helm.toolkit.fluxcd.io/v2. */
export function fluxCharts(resources: GitOpsResources): ChartInstall[] {
  return resources.all(HELM, 'HelmRelease').map((release): ChartInstall => {
    const { value, namespace, name } = release
    const target = textAt(value, 'spec.targetNamespace')
    const inline = { values: mapAt(value, 'spec.values'), unknown: [] }
    const { values, unknown, absent } = joinValues(valuesFromReferences(resources, release), inline)
    const rewritten = Array.isArray(mapAt(value, 'spec').postRenderers) ? ['its post-renderers are not run'] : []
    return {
      ...PLAIN_INSTALL,
      ...chartOfRelease(resources, release),
      namer: release,
      release: textAt(value, 'spec.releaseName') ?? shortened(target === undefined ? name : `${target}-${name}`),
      namespace: target ?? namespace,
      values,
      unknown: [...unknown, ...rewritten],
      absent,
    }
  })
}

/** What the OCIRepositories among resources name, whether or not anything here uses it. */
export function fluxArtifacts(resources: GitOpsResources): NamedArtifact[] {
  return resources.all(SOURCE, 'OCIRepository').map((namer) => ({ namer, source: sourceOfArtifact(namer) }))
}

function chartOfRelease(resources: GitOpsResources, { value, namespace }: GitOpsResource): ChartOfRelease {
  const kind = textAt(value, 'spec.chartRef.kind')
  if (kind === undefined) return chartOfSpec(resources, mapAt(value, 'spec.chart.spec'), namespace)
  const [name, within] = [textAt(value, 'spec.chartRef.name'), textAt(value, 'spec.chartRef.namespace') ?? namespace]
  const referred = resources.find(SOURCE, kind, name, within)
  if (!referred) return { source: { at: 'nowhere', why: `${kind} ${name} is not here` } }
  if (kind === 'HelmChart') return chartOfSpec(resources, mapAt(referred.value, 'spec'), referred.namespace)
  return { source: sourceOfArtifact(referred) }
}

type ChartOfRelease = Pick<ChartInstall, 'source'> & Partial<ChartInstall>

/**
 * A chart as HelmReleases and HelmCharts name one in a source. Files of values stand for those of the chart, by paths
 * of the source. Source: https://fluxcd.io/flux/components/source/helmcharts/#values-files
 */
function chartOfSpec(
  resources: GitOpsResources,
  spec: Readonly<Record<string, unknown>>,
  namespace: string | undefined,
): ChartOfRelease {
  const files = [...textsOf(spec.valuesFiles), ...textsOf([spec.valuesFile])]
  const [chart, kind, name] = [textAt(spec, 'chart'), textAt(spec, 'sourceRef.kind'), textAt(spec, 'sourceRef.name')]
  const how = { replacesDefaults: files.length > 0, ignoresMissing: spec.ignoreMissingValuesFiles === true }
  if (chart === undefined || kind === undefined) return { source: { at: 'nowhere', why: 'no chart is named' } }
  const referred = resources.find(SOURCE, kind, name, textAt(spec, 'sourceRef.namespace') ?? namespace)
  if (kind !== 'HelmRepository') {
    const repository = repositoryOf(kind, name, referred)
    const valuesFiles = files.map((path) => ({ repository, path }))
    return { source: { at: 'tree', repository, path: chart }, ...how, valuesFiles }
  }
  if (!referred) return { source: { at: 'nowhere', why: `${kind} ${name} is not here` } }
  const [url = '', version] = [textAt(referred.value, 'spec.url'), textAt(spec, 'version')]
  const source: ChartSource = isRegistryAddress(url)
    ? { at: 'registry', repository: repositoryAt(url, chart), version: version ?? '' }
    : { at: 'index', url, chart, version }
  return { source, ...how, valuesFiles: files }
}

/** The address of a repository, or its name where nothing says the address. */
export function repositoryOf(kind: string, name: string | undefined, referred: GitOpsResource | undefined): string {
  return textAt(referred?.value, 'spec.url') ?? `${kind} ${name}`
}

/** https://fluxcd.io/flux/components/source/ocirepositories/#reference: digest, then semver, then tag. */
function sourceOfArtifact({ value }: GitOpsResource): ChartSource {
  const url = textAt(value, 'spec.url')
  if (url === undefined || !isRegistryAddress(url)) return { at: 'nowhere', why: 'no address of a registry is named' }
  return {
    at: 'registry',
    repository: repositoryAt(url),
    digest: textAt(value, 'spec.ref.digest'),
    version: textAt(value, 'spec.ref.semver'),
    filter: textAt(value, 'spec.ref.semverFilter'),
    tag: textAt(value, 'spec.ref.tag') ?? 'latest',
  }
}

/** Release names have at most 53 characters. Source: helm-controller, internal/release/name.go. */
function shortened(name: string): string {
  return name.length <= 53 ? name : `${name.slice(0, 40)}-${digestOf(name).slice('sha256:'.length).slice(0, 12)}`
}
