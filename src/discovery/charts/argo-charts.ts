import { isObject, textsOf } from '../../kubernetes/objects/resource.ts'
import { type ArgoApplication, argoApplications } from './application-sets.ts'
import { type ChartInstall, type ChartSource, isRegistryAddress, PLAIN_INSTALL, repositoryAt } from './chart-install.ts'
import { type GitOpsResources, mapAt, mapsAt, textAt } from './gitops-resources.ts'
import { joinValues, type ValuesFound, valuesInText } from './values-from.ts'

type ApplicationBody = Readonly<Record<string, unknown>>

/** What the Applications and ApplicationSets among resources install. Source: the API of Argo CD, argoproj.io/v1alpha1. */
export function argoCharts(resources: GitOpsResources): ChartInstall[] {
  return argoApplications(resources).flatMap((application) => {
    const sources = sourcesOf(application.body)
    return sources.flatMap((source) => {
      const found = sourceOf(source)
      return found ? [installOf(application, { source, found, sources })] : []
    })
  })
}

/** The sources of an Application: with several of them, the single one does not count. */
export function sourcesOf(body: ApplicationBody): readonly ApplicationBody[] {
  const several = mapsAt(body, 'spec.sources')
  if (several.length > 0) return several
  const dry = mapAt(body, 'spec.sourceHydrator.drySource')
  return [Object.keys(dry).length > 0 ? dry : mapAt(body, 'spec.source')]
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
  { namer, body, unknown: unclear }: ArgoApplication,
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
  const release = textAt(helm, 'releaseName') ?? name
  const isOpen = [release, helm].some((one) => JSON.stringify(one).includes('{{'))
  return {
    ...PLAIN_INSTALL,
    namer,
    source: found,
    application: name,
    release: release.replace(/\{\{.*?\}\}/g, 'x'),
    namespace: textAt(helm, 'namespace') ?? textAt(body, 'spec.destination.namespace'),
    values,
    set: settings(false).filter(isFilled),
    setString: settings(true).filter(isFilled),
    valuesFiles: files.flatMap(({ file }) => file ?? []).filter((file) => isFilled(JSON.stringify(file))),
    ignoresMissing: helm.ignoreMissingValueFiles === true,
    kubeVersion: textAt(helm, 'kubeVersion'),
    apiVersions: textsOf(helm.apiVersions),
    unknown: [
      ...unclear,
      ...(isOpen ? ['what its generators fill in is not known'] : []),
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

/** Helm reads braces as a list. */
function isFilled(text: string): boolean {
  return !text.includes('{{')
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
