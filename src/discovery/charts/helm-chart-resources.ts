import { type ChartInstall, type ChartSource, isRegistryAddress, PLAIN_INSTALL, repositoryAt } from './chart-install.ts'
import { type GitOpsResources, mapAt, mapsAt, textAt } from './gitops-resources.ts'
import { joinValues, textOfKey, type ValuesFound, valuesInText } from './values-from.ts'

const GROUP = 'helm.cattle.io'
const NOTHING: ValuesFound = { values: {}, unknown: [] }

/**
 * What the HelmCharts of k3s and RKE2 install, with what HelmChartConfigs say of the same names.
 * Source: https://docs.k3s.io/add-ons/helm
 */
export function k3sCharts(resources: GitOpsResources): ChartInstall[] {
  return resources.all(GROUP, 'HelmChart').map((namer): ChartInstall => {
    const { value, name, namespace } = namer
    const config = resources.find(GROUP, 'HelmChartConfig', name, namespace)?.value
    const bodies = [value, ...(config ? [config] : [])]
    const { values, unknown } = bodies.map((body) => valuesOf(resources, body, namespace)).reduce(joinValues, NOTHING)
    const settings = Object.entries(mapAt(value, 'spec.set'))
    return {
      ...PLAIN_INSTALL,
      namer,
      source: sourceOf(mapAt(value, 'spec')),
      release: name,
      namespace: textAt(value, 'spec.targetNamespace') ?? namespace,
      values,
      set: settings.filter(([, text]) => isTyped(text)).map(([key, text]) => `${key}=${text}`),
      setString: settings.filter(([, text]) => !isTyped(text)).map(([key, text]) => `${key}=${escaped(String(text))}`),
      unknown,
    }
  })
}

/** What the Charts of k0s install. Source: https://docs.k0sproject.io/stable/helm-charts/ */
export function k0sCharts(resources: GitOpsResources): ChartInstall[] {
  return resources.all('helm.k0sproject.io', 'Chart').map((namer): ChartInstall => {
    const { value, name, namespace } = namer
    const chart = textAt(value, 'spec.chartName') ?? ''
    return {
      ...PLAIN_INSTALL,
      ...valuesInText(textAt(value, 'spec.values') ?? '', 'spec.values'),
      namer,
      source: isRegistryAddress(chart)
        ? { at: 'registry', repository: repositoryAt(chart), version: textAt(value, 'spec.version') ?? '' }
        : { at: 'nowhere', why: 'its repository is not named beside it' },
      release: textAt(value, 'spec.releaseName') ?? name,
      namespace: textAt(value, 'spec.namespace') ?? namespace,
    }
  })
}

function sourceOf(spec: Readonly<Record<string, unknown>>): ChartSource {
  const [chart, url, version, packed] = ['chart', 'repo', 'version', 'chartContent'].map((key) => textAt(spec, key))
  if (packed !== undefined) return { at: 'resource', base64: packed }
  if (chart === undefined) return { at: 'nowhere', why: 'no chart is named' }
  if (isRegistryAddress(chart)) return { at: 'registry', repository: repositoryAt(chart), version: version ?? '' }
  if (url !== undefined) return { at: 'index', url, chart, version }
  return { at: 'nowhere', why: `no repository is named for ${chart}` }
}

function valuesOf(
  resources: GitOpsResources,
  body: Readonly<Record<string, unknown>>,
  namespace: string | undefined,
): ValuesFound {
  const inline = joinValues(
    { values: mapAt(body, 'spec.values'), unknown: [] },
    valuesInText(textAt(body, 'spec.valuesContent') ?? '', 'spec.valuesContent'),
  )
  const secrets = mapsAt(body, 'spec.valuesSecrets').flatMap(({ name, keys }) =>
    (Array.isArray(keys) ? keys : []).map((key): ValuesFound => {
      const where = `${key} in Secret ${name}`
      const text = textOfKey(resources, { kind: 'Secret', name, namespace }, String(key))
      return text === undefined ? { values: {}, unknown: [`${where} is not here`] } : valuesInText(text, where)
    }),
  )
  return [...secrets].reduce(joinValues, inline)
}

/** Numbers and words of YAML keep their type. Source: helm-controller of k3s, pkg/controllers/chart/chart.go, typedVal. */
function isTyped(value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true
  return typeof value === 'string' && /^(?:true|false|null)$/i.test(value)
}

function escaped(text: string): string {
  return text.replace(/(?<!\\),/g, '\\,')
}
