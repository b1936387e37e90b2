import { isObject, textsOf } from '../../kubernetes/objects/resource.ts'
import { type ChartInstall, type ChartSource, isRegistryAddress, PLAIN_INSTALL, repositoryAt } from './chart-install.ts'
import { type GitOpsResource, type GitOpsResources, mapAt, mapsAt, textAt } from './gitops-resources.ts'
import { joinValues, type ValuesFound, valuesInText } from './values-from.ts'

type ApplicationBody = Readonly<Record<string, unknown>>

/** What the Applications and ApplicationSets among resources install. Source: the API of Argo CD, argoproj.io/v1alpha1. */
export function argoCharts(resources: GitOpsResources): ChartInstall[] {
  const applications = resources.all('argoproj.io', 'Application').map((namer) => ({ namer, body: namer.value }))
  const sets = resources
    .all('argoproj.io', 'ApplicationSet')
    .flatMap((namer) => templatesOf(namer).map((body) => ({ namer, body })))
  return [...applications, ...sets].flatMap(({ namer, body }) => chartsOf(namer, body))
}

function chartsOf(namer: GitOpsResource, body: ApplicationBody): ChartInstall[] {
  const sources = [mapAt(body, 'spec.source'), ...mapsAt(body, 'spec.sources')]
  return sources.flatMap((source) => {
    const found = sourceOf(source)
    return found ? [installOf(namer, body, { source, found })] : []
  })
}

/** Where a chart is; undefined for what is no chart: a path in git, values that others refer to. */
function sourceOf(source: ApplicationBody): ChartSource | undefined {
  const [url, chart, version] = ['repoURL', 'chart', 'targetRevision'].map((key) => textAt(source, key))
  if (url !== undefined && isRegistryAddress(url)) {
    return {
      at: 'registry',
      repository: repositoryAt(url, ...(chart === undefined ? [] : [chart])),
      version: version ?? '',
    }
  }
  if (chart === undefined) return undefined
  if (url === undefined) return { at: 'nowhere', why: 'no repoURL is named' }
  // Without a scheme it is a registry: https://argo-cd.readthedocs.io/en/stable/user-guide/helm/
  if (/^https?:\/\//i.test(url)) return { at: 'index', url, chart, version }
  return { at: 'registry', repository: repositoryAt(url, chart), version: version ?? '' }
}

function installOf(
  namer: GitOpsResource,
  body: ApplicationBody,
  { source, found }: { source: ApplicationBody; found: ChartSource },
): ChartInstall {
  const helm = mapAt(source, 'helm')
  const name = textAt(body, 'metadata.name') ?? namer.name
  const parameters = mapsAt(helm, 'parameters')
  const settings = (isForced: boolean) =>
    parameters
      .filter(({ forceString }) => (forceString === true) === isForced)
      .map((parameter) => `${parameter.name}=${escaped(String(parameter.value ?? ''))}`)
  const files = textsOf(helm.valueFiles)
  const { values, unknown } = valuesOf(helm)
  return {
    ...PLAIN_INSTALL,
    namer,
    source: found,
    release: textAt(helm, 'releaseName') ?? name,
    namespace: textAt(helm, 'namespace') ?? textAt(body, 'spec.destination.namespace'),
    values,
    set: settings(false),
    setString: settings(true),
    valuesFiles: files.filter((file) => !isElsewhere(file)),
    kubeVersion: textAt(helm, 'kubeVersion'),
    apiVersions: textsOf(helm.apiVersions),
    unknown: [
      ...unknown,
      ...files.filter(isElsewhere).map((file) => `the values in ${file} are not here`),
      ...mapsAt(helm, 'fileParameters').map(({ path }) => `the parameter in ${path} is not here`),
    ],
  }
}

/** `valuesObject` counts, where both are there. */
function valuesOf(helm: ApplicationBody): ValuesFound {
  if (isObject(helm.valuesObject)) return { values: helm.valuesObject, unknown: [] }
  const text = typeof helm.values === 'string' ? helm.values : ''
  return joinValues({ values: {}, unknown: [] }, valuesInText(text, 'helm.values'))
}

/** Files of another source (`$values/prod.yaml`), or at an address. */
function isElsewhere(file: string): boolean {
  return file.startsWith('$') || /^[a-z][a-z0-9+.-]*:\/\//i.test(file)
}

/** A comma would begin the next setting. */
function escaped(text: string): string {
  return text.replace(/(?<!\\),/g, '\\,')
}

/** The Applications of a set, as far as its generators are lists; else its template as it stands. */
function templatesOf({ value }: GitOpsResource): ApplicationBody[] {
  const template = mapAt(value, 'spec.template')
  const generators = mapsAt(value, 'spec.generators')
  const elements = generators.flatMap((generator) => mapsAt(generator, 'list.elements'))
  if (elements.length === 0 || generators.some(({ list }) => !isObject(list))) return [template]
  return elements.map((element) => filled(template, element) as ApplicationBody)
}

const PARAMETER = /\{\{-?\s*\.?([\w.-]+)\s*-?\}\}/g

/** A template with the parameters that one element gives: `{{cluster}}`, or `{{ .cluster }}` where it is of Go. */
function filled(value: unknown, element: ApplicationBody): unknown {
  if (typeof value === 'string')
    return value.replace(PARAMETER, (whole, name: string) => textAt(element, name) ?? whole)
  if (Array.isArray(value)) return value.map((entry) => filled(entry, element))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, filled(entry, element)]))
}
