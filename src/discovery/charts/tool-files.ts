import type { Document } from '../../kubernetes/documents/document.ts'
import { isObject, type Resource, textsOf } from '../../kubernetes/objects/resource.ts'
import { type ChartInstall, type ChartSource, PLAIN_INSTALL, type ValuesLayer } from './chart-install.ts'
import { type GitOpsResource, type GitOpsResources, mapAt, mapsAt, textAt } from './gitops-resources.ts'

type Listed = Readonly<Record<string, unknown>>

const FLEET_FILE = /(?:^|\/)fleet\.ya?ml$/i

/** A file of helmfile or fleet as a resource: what it says it installs is found as of resources. */
export function resourceOfToolFile(document: Document): Resource | undefined {
  const { value, file } = document
  if (!isObject(value) || 'kind' in value) return undefined
  const kind = FLEET_FILE.test(file) ? 'Fleet' : Array.isArray(value.releases) ? 'Helmfile' : undefined
  if (kind === undefined) return undefined
  const named = { apiVersion: `${kind.toLowerCase()}.file/v1`, kind, namespace: undefined, name: file }
  return { ...named, value, document, path: [] }
}

/** The charts at paths beside the files that name them: of helmfile, fleet, skaffold and zarf. */
export function chartsOfToolFiles(resources: GitOpsResources): ChartInstall[] {
  const packages = ['zarf.dev', ''].flatMap((group) => resources.all(group, 'ZarfPackageConfig'))
  return [
    ...resources.all('helmfile.file', 'Helmfile').flatMap(helmfileInstalls),
    ...resources.all('fleet.file', 'Fleet').flatMap(fleetInstalls),
    ...resources.all('skaffold', 'Config').flatMap(skaffoldInstalls),
    ...packages.flatMap(zarfInstalls),
  ]
}

/** Source: https://helmfile.readthedocs.io */
function helmfileInstalls(namer: GitOpsResource): ChartInstall[] {
  return mapsAt(namer.value, 'releases').flatMap((release): ChartInstall[] => {
    const chart = textAt(release, 'chart')
    if (chart === undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(chart)) return []
    const values = Array.isArray(release.values) ? release.values : []
    const set = mapsAt(release, 'set')
    const lists = ['valuesTemplate', 'setTemplate', 'secrets', 'strategicMergePatches', 'jsonPatches', 'transformers']
    return [
      {
        ...PLAIN_INSTALL,
        namer,
        source: beside(namer, chart),
        release: textAt(release, 'name') ?? 'release',
        namespace: textAt(release, 'namespace'),
        valuesFiles: values.flatMap((one: unknown): ValuesLayer[] =>
          typeof one === 'string' ? [fileBeside(namer, one)] : isObject(one) ? [{ values: one }] : [],
        ),
        set: set.flatMap(({ name, value }) => (value === undefined ? [] : [`${name}=${escaped(value)}`])),
        unknown: [
          ...lists.filter((list) => release[list] !== undefined).map((list) => `its ${list} are not applied`),
          ...set.filter(({ value }) => value === undefined).map(({ name }) => `the setting of ${name} is not read`),
        ],
      },
    ]
  })
}

/** Files come after values there. Source: https://fleet.rancher.io/ref-fleet-yaml */
function fleetInstalls(namer: GitOpsResource): ChartInstall[] {
  const base = mapAt(namer.value, 'helm')
  const namespace = textAt(namer.value, 'namespace') ?? textAt(namer.value, 'defaultNamespace')
  const targets = mapsAt(namer.value, 'targetCustomizations')
  const each = [
    { helm: base, namespace },
    ...targets.map((one) => ({ helm: mapAt(one, 'helm'), namespace: textAt(one, 'namespace') ?? namespace })),
  ]
  return each.flatMap(({ helm, namespace: within }, index): ChartInstall[] => {
    if (index > 0 && Object.keys(helm).length === 0) return []
    const [chart = '.', repo] = [
      textAt(helm, 'chart') ?? textAt(base, 'chart'),
      textAt(helm, 'repo') ?? textAt(base, 'repo'),
    ]
    if (repo !== undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(chart)) return []
    const layers = (index === 0 ? [base] : [base, helm]).flatMap((one): ValuesLayer[] => [
      { values: mapAt(one, 'values') },
      ...textsOf(one.valuesFiles).map((file) => fileBeside(namer, file)),
    ])
    const from = [...mapsAt(base, 'valuesFrom'), ...(index === 0 ? [] : mapsAt(helm, 'valuesFrom'))]
    const release =
      textAt(helm, 'releaseName') ?? textAt(base, 'releaseName') ?? /([^/]+)\/[^/]*$/.exec(namer.file)?.[1] ?? 'release'
    const unknown = [
      ...(from.length > 0 ? ['its valuesFrom are only in the cluster'] : []),
      ...(isObject(namer.value.kustomize) ? ['its kustomize is not applied'] : []),
    ]
    return [
      {
        ...PLAIN_INSTALL,
        namer,
        source: beside(namer, chart),
        release,
        namespace: within,
        valuesFiles: layers,
        unknown,
      },
    ]
  })
}

/** Source: https://skaffold.dev/docs/references/yaml/ */
function skaffoldInstalls(namer: GitOpsResource): ChartInstall[] {
  const places = ['deploy.helm.releases', 'manifests.helm.releases']
  const hasProfiles = mapsAt(namer.value, 'profiles').length > 0
  return places
    .flatMap((place) => mapsAt(namer.value, place))
    .flatMap((release): ChartInstall[] => {
      const chart = textAt(release, 'chartPath')
      if (chart === undefined) return []
      return [
        {
          ...PLAIN_INSTALL,
          namer,
          source: beside(namer, chart),
          release: textAt(release, 'name') ?? 'release',
          namespace: textAt(release, 'namespace'),
          valuesFiles: [
            { values: mapAt(release, 'overrides') },
            ...textsOf(release.valuesFiles).map((file) => fileBeside(namer, file)),
          ],
          set: settingsOf(mapAt(release, 'setValues'), ''),
          unknown: [
            ...['setValueTemplates', 'setFiles']
              .filter((field) => isObject(release[field]))
              .map((field) => `its ${field} are not read`),
            ...(hasProfiles ? ['its profiles are not applied'] : []),
          ],
        },
      ]
    })
}

/** Source: https://docs.zarf.dev/ref/create */
function zarfInstalls(namer: GitOpsResource): ChartInstall[] {
  return mapsAt(namer.value, 'components').flatMap((component) =>
    mapsAt(component, 'charts').flatMap((chart): ChartInstall[] => {
      const path = textAt(chart, 'localPath')
      if (path === undefined) return []
      const variables = mapsAt(chart, 'variables')
      return [
        {
          ...PLAIN_INSTALL,
          namer,
          source: beside(namer, path),
          release: textAt(chart, 'releaseName') ?? textAt(chart, 'name') ?? 'release',
          namespace: textAt(chart, 'namespace'),
          valuesFiles: textsOf(chart.valuesFiles).map((file) => fileBeside(namer, file)),
          unknown: variables.map(({ path: at }) => `the variable for ${at} is asked when it is deployed`),
        },
      ]
    }),
  )
}

function beside({ file }: GitOpsResource, path: string): ChartSource {
  return { at: 'tree', repository: undefined, path, beside: file }
}

function fileBeside({ file }: GitOpsResource, path: string): ValuesLayer {
  return { repository: undefined, path, beside: file }
}

/** Nested maps and keys with dots are the same. */
function settingsOf(map: Listed, prefix: string): string[] {
  return Object.entries(map).flatMap(([key, value]) =>
    isObject(value) ? settingsOf(value, `${prefix}${key}.`) : [`${prefix}${key}=${escaped(value)}`],
  )
}

/** A comma would begin the next setting. */
function escaped(value: unknown): string {
  return String(value ?? '').replace(/(?<!\\),/g, '\\,')
}
