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
  const several = mapsAt(body, 'spec.sources')
  // With several, the single one does not count.
  const sources = several.length > 0 ? several : [mapAt(body, 'spec.source')]
  return sources.flatMap((source) => {
    const found = sourceOf(source)
    return found ? [installOf(namer, body, { source, found, sources })] : []
  })
}

/** Where a chart is, or may be at a path in git; undefined for values that others refer to. */
function sourceOf(source: ApplicationBody): ChartSource | undefined {
  const [url, chart, version] = ['repoURL', 'chart', 'targetRevision'].map((key) => textAt(source, key))
  if (url !== undefined && isRegistryAddress(url)) {
    return {
      at: 'registry',
      repository: repositoryAt(url, ...(chart === undefined ? [] : [chart])),
      version: version ?? '',
    }
  }
  const path = textAt(source, 'path')
  if (chart === undefined) return path === undefined ? undefined : { at: 'tree', repository: url ?? '', path }
  if (url === undefined) return { at: 'nowhere', why: 'no repoURL is named' }
  // Without a scheme it is a registry: https://argo-cd.readthedocs.io/en/stable/user-guide/helm/
  if (/^https?:\/\//i.test(url)) return { at: 'index', url, chart, version }
  return { at: 'registry', repository: repositoryAt(url, chart), version: version ?? '' }
}

function installOf(
  namer: GitOpsResource,
  body: ApplicationBody,
  { source, found, sources }: { source: ApplicationBody; found: ChartSource; sources: readonly ApplicationBody[] },
): ChartInstall {
  const helm = mapAt(source, 'helm')
  const name = textAt(body, 'metadata.name') ?? namer.name
  const parameters = mapsAt(helm, 'parameters')
  const settings = (isForced: boolean) =>
    parameters
      .filter(({ forceString }) => (forceString === true) === isForced)
      .map((parameter) => `${parameter.name}=${escaped(String(parameter.value ?? ''))}`)
  const files = textsOf(helm.valueFiles).map((file) => valuesFileOf(file, source, sources))
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
    valuesFiles: files.flatMap(({ file }) => file ?? []),
    ignoresMissing: helm.ignoreMissingValueFiles === true,
    kubeVersion: textAt(helm, 'kubeVersion'),
    apiVersions: textsOf(helm.apiVersions),
    unknown: [
      ...unknown,
      ...files.flatMap(({ why }) => why ?? []),
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

interface ValuesFileOf {
  readonly file?: ChartInstall['valuesFiles'][number]
  readonly why?: string
}

/**
 * What a file of values is: in the chart, from the root of its repository with a slash, or of another source
 * (`$values/prod.yaml`). Source: https://argo-cd.readthedocs.io/en/stable/user-guide/multiple_sources/
 */
function valuesFileOf(file: string, source: ApplicationBody, sources: readonly ApplicationBody[]): ValuesFileOf {
  const [, ref, rest = ''] = /^\$([^/]+)\/?(.*)$/s.exec(file) ?? []
  if (ref === undefined) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(file)) return { why: `the values in ${file} are not here` }
    const repository = textAt(source, 'repoURL')
    return { file: file.startsWith('/') ? { repository: repository ?? '', path: file.slice(1) } : file }
  }
  const repository = textAt(
    sources.find((one) => one.ref === ref),
    'repoURL',
  )
  return repository === undefined ? { why: `the values in ${file} are not here` } : { file: { repository, path: rest } }
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
