import { textsOf } from '../../kubernetes/objects/resource.ts'
import { type ChartInstall, type ChartSource, isRegistryAddress, PLAIN_INSTALL, repositoryAt } from './chart-install.ts'
import { type GitOpsResource, type GitOpsResources, mapsAt, textAt } from './gitops-resources.ts'

type Listed = Readonly<Record<string, unknown>>

/**
 * The charts that files of other carriers list: hauler's, zarf's and oc-mirror's. Sources: https://docs.hauler.dev,
 * https://docs.zarf.dev/ref/create, the ImageSetConfiguration of OpenShift.
 */
export function listedCharts(resources: GitOpsResources): ChartInstall[] {
  const hauler = resources
    .all('content.hauler.cattle.io', 'Charts')
    .flatMap((namer) =>
      mapsAt(namer.value, 'spec.charts').map((chart) =>
        installOf(namer, chart, inRepository(chart, textAt(chart, 'repoURL'))),
      ),
    )
  const mirror = resources
    .all('mirror.openshift.io', 'ImageSetConfiguration')
    .flatMap((namer) =>
      mapsAt(namer.value, 'mirror.helm.repositories').flatMap((repository) =>
        mapsAt(repository, 'charts').map((chart) =>
          installOf(namer, chart, inRepository(chart, textAt(repository, 'url'))),
        ),
      ),
    )
  return [...hauler, ...mirror, ...zarfCharts(resources)]
}

function zarfCharts(resources: GitOpsResources): ChartInstall[] {
  const packages = ['zarf.dev', ''].flatMap((group) => resources.all(group, 'ZarfPackageConfig'))
  return packages.flatMap((namer) =>
    mapsAt(namer.value, 'components').flatMap((component) =>
      mapsAt(component, 'charts')
        // What lies beside it is read as what it is.
        .filter((chart) => textAt(chart, 'localPath') === undefined)
        .map((chart) => ({
          ...installOf(namer, chart, ofZarf(chart)),
          release: textAt(chart, 'releaseName') ?? textAt(chart, 'name') ?? 'release',
          namespace: textAt(chart, 'namespace'),
          unknown: textsOf(chart.valuesFiles).map((file) => `the values in ${file} are not here`),
        })),
    ),
  )
}

/** The address is that of the chart itself. */
function ofZarf(chart: Listed): ChartSource {
  const url = textAt(chart, 'url') ?? ''
  if (isRegistryAddress(url)) {
    return { at: 'registry', repository: repositoryAt(url), version: textAt(chart, 'version') ?? '' }
  }
  if (textAt(chart, 'gitPath') !== undefined || /\.git(?:@|$)/.test(url))
    return { at: 'nowhere', why: `it is in ${url}` }
  return inRepository({ ...chart, name: textAt(chart, 'repoName') ?? textAt(chart, 'name') }, url)
}

function inRepository(chart: Listed, url = ''): ChartSource {
  const [name, version] = [textAt(chart, 'name'), textAt(chart, 'version')]
  if (name === undefined || url === '') return { at: 'nowhere', why: 'its repository is not named' }
  if (isRegistryAddress(url)) return { at: 'registry', repository: repositoryAt(url, name), version: version ?? '' }
  if (!/^https?:\/\//i.test(url)) return { at: 'nowhere', why: `it is in ${url}` }
  return { at: 'index', url, chart: name, version }
}

function installOf(namer: GitOpsResource, chart: Listed, source: ChartSource): ChartInstall {
  return { ...PLAIN_INSTALL, namer, source, release: textAt(chart, 'name') ?? 'release' }
}
