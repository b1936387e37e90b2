import { readDocuments } from '../../../kubernetes/documents/document.ts'
import { formatPath, type Path, valueAt } from '../../../kubernetes/documents/path.ts'
import { isObject, type Resource, textsOf } from '../../../kubernetes/objects/resource.ts'
import { groupOf } from '../../classify/exclusions.ts'
import { openImagePart } from '../../compose/image-parts.ts'
import { matchPath, parsePath } from '../../rules/path-pattern.ts'
import type { MadeElsewhere } from '../made-elsewhere.ts'
import { resolvedByTekton } from './tekton-resolvers.ts'

type Body = Pick<Resource, 'apiVersion' | 'kind' | 'value'>
type Read = (value: Resource['value']) => readonly MadeElsewhere[]

/** Source: https://docs.zarf.dev/ref/create/ */
const ZARF: Readonly<Record<string, Read>> = {
  ZarfPackageConfig: (value) => [
    ...['files', 'kustomizations'].flatMap((key) =>
      at(value, `components[*].manifests[*].${key}[*]`, (address) =>
        isElsewhere(address) ? `manifests from ${address}` : undefined,
      ),
    ),
    ...at(value, 'components[*].repos[*]', (url) => `what the repository ${url} holds`),
  ],
  UDSBundle: (value) => at(value, 'packages[*].repository', (repository) => `the package ${repository}`),
}

/** An address, or what kustomize takes for one: `github.com/team/app//base?ref=v1`. */
function isElsewhere(path: string): boolean {
  return /^[a-z][a-z+]*:\/\/|^[\w-]+\.\w+\/[^?]+\/\/|\?ref=/i.test(path)
}

/** Kinds that bring manifests from elsewhere, by API group. */
const SOURCES: Readonly<Record<string, Readonly<Record<string, Read>>>> = {
  '': ZARF,
  'zarf.dev': ZARF,
  'helm.cattle.io': { HelmChartConfig: configOfChart },
  'content.hauler.cattle.io': {
    ImageTxts: (value) => at(value, 'spec.images[*].ref', (address) => `the images that ${address} lists`),
  },
  'argoproj.io': {
    Application: (value) => argoSources(value, 'spec'),
    ApplicationSet: (value) => [
      ...templatesIn(value).flatMap((template) => argoSources(value, `${template}.spec`)),
      ...templatePatch(value),
    ],
  },
  'kustomize.toolkit.fluxcd.io': { Kustomization: fluxKustomization },
  'fluxcd.controlplane.io': { ResourceSet: resourceSet },
  'fleet.cattle.io': {
    GitRepo: (value) => {
      const paths = textsOf(valueAt(value, ['spec', 'paths']))
      return paths.length === 0
        ? fromTree(value, 'spec.repo', '')
        : paths.flatMap((path) => fromTree(value, 'spec.repo', path))
    },
  },
  'configsync.gke.io': { RootSync: configSync, RepoSync: configSync },
  'kappctrl.k14s.io': {
    App: (value) => [
      ...at(value, 'spec.fetch[*].git.url', (url) => `manifests from ${url}`),
      ...at(value, 'spec.fetch[*].http.url', (url) => `manifests from ${url}`),
      ...at(value, 'spec.fetch[*].imgpkgBundle.image', (image) => `manifests from ${image}`),
    ],
  },
  'data.packaging.carvel.dev': {
    Package: (value) =>
      at(value, 'spec.template.spec.fetch[*].imgpkgBundle.image', (image) => `manifests from ${image}`),
  },
  'apps.open-cluster-management.io': {
    Subscription: (value) => at(value, 'spec.channel', (channel) => `what the channel ${channel} brings`),
  },
  'deployments.plural.sh': {
    ServiceDeployment: (value) =>
      at(value, 'spec.repositoryRef.name', (name) => `manifests from GitRepository ${name}`),
  },
  'core.oam.dev': {
    Application: (value) =>
      velaKustomizations(value).map((path) => ({
        code: 'MANIFESTS_ELSEWHERE',
        what: `manifests from ${valueAt(value, path)}`,
        path,
      })),
  },
  'gitops.kluctl.io': {
    KluctlDeployment: (value) => at(value, 'spec.source.git.url', (url) => `manifests from ${url}`),
  },
  'pkg.crossplane.io': {
    Configuration: (value) => at(value, 'spec.package', (name) => `what the package ${name} depends on`),
  },
  'mirror.openshift.io': { ImageSetConfiguration: imageSet },
  'hypershift.openshift.io': {
    HostedCluster: (value) => at(value, 'spec.release.image', (image) => `the payload of the release ${image}`),
    NodePool: (value) => at(value, 'spec.release.image', (image) => `the payload of the release ${image}`),
  },
  'hive.openshift.io': {
    ClusterImageSet: (value) => at(value, 'spec.releaseImage', (image) => `the payload of the release ${image}`),
  },
  'olm.operatorframework.io': {
    ClusterExtension: (value) => at(value, 'spec.source.catalog.packageName', (name) => `the operator ${name}`),
  },
}

/** What a resource takes from where this program does not look: manifests in git or a bucket, operators of catalogs. */
export function manifestSourcesOf({ apiVersion, kind, value }: Body): readonly MadeElsewhere[] {
  const group = groupOf(apiVersion)
  if (/(?:^|\.)tekton\.dev$/.test(group)) return resolvedByTekton(value, [])
  const kinds = Object.hasOwn(SOURCES, group) ? SOURCES[group] : undefined
  return kinds && Object.hasOwn(kinds, kind) ? (kinds[kind]?.(value) ?? []) : []
}

function at(value: Resource['value'], pattern: string, say: (text: string) => string | undefined): MadeElsewhere[] {
  return matchPath(value, parsePath(pattern)).flatMap((path) => {
    const text = valueAt(value, path)
    const what = typeof text === 'string' && text !== '' ? say(text) : undefined
    return what === undefined ? [] : [{ code: 'MANIFESTS_ELSEWHERE', what, path }]
  })
}

/** Values that say a part of an image go over those of a chart that k3s may bring itself. */
function configOfChart(value: Resource['value']): MadeElsewhere[] {
  const path = ['spec', 'valuesContent']
  const text = valueAt(value, path)
  const name = valueAt(value, ['metadata', 'name'])
  if (typeof text !== 'string' || typeof name !== 'string') return []
  for (const document of readDocuments(text, '')) {
    const part = document.form === 'manifest' ? openImagePart(document.value, []) : undefined
    if (!part) continue
    const what = `the rest of an image, of which it says ${formatPath(part)}, from the chart ${name}`
    const unless = { form: 'named', kinds: ['HelmChart'], name, isPrefix: false, namespace: undefined } as const
    return [{ code: 'MANIFESTS_ELSEWHERE', what, path, unless }]
  }
  return []
}

/** Manifests of a path in a repository; they may be what the inputs are. */
function fromTree(value: Resource['value'], pattern: string, directory: string): MadeElsewhere[] {
  const below = directory === '' ? '' : `, path ${directory}`
  return at(value, pattern, (url) => `manifests from ${url}${below}`).map((made) => ({
    ...made,
    unless: { form: 'tree', repository: String(valueAt(value, made.path)), path: directory },
  }))
}

function argoSources(value: Resource['value'], spec: string): MadeElsewhere[] {
  return ['source', 'sources[*]', 'sourceHydrator.drySource'].flatMap((source) =>
    matchPath(value, parsePath(`${spec}.${source}`)).flatMap((path) => {
      const one = valueAt(value, path)
      if (!isObject(one) || 'chart' in one || typeof one.repoURL !== 'string') return []
      const directory = typeof one.path === 'string' ? one.path : ''
      // Values that others refer to are no manifests.
      if (one.repoURL.startsWith('oci://') || (directory === '' && 'ref' in one)) return []
      const pattern = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
      return fromTree(value, `${pattern.slice(1)}.repoURL`, directory)
    }),
  )
}

/** The templates of an ApplicationSet: its own, and those of its generators. */
export function templatesIn(value: Resource['value']): string[] {
  const generators = valueAt(value, ['spec', 'generators'])
  const own = (Array.isArray(generators) ? generators : []).flatMap((generator: unknown, index) =>
    Object.entries(isObject(generator) ? generator : {}).flatMap(([kind, one]) =>
      isObject(one) && isObject(one.template) ? [`spec.generators[${index}].${kind}.template`] : [],
    ),
  )
  return ['spec.template', ...own]
}

/** A program that may name a source. */
function templatePatch(value: Resource['value']): MadeElsewhere[] {
  const path = ['spec', 'templatePatch']
  const text = valueAt(value, path)
  if (typeof text !== 'string' || !/\b(?:repoURL|chart|path)\b/.test(text)) return []
  return [{ code: 'MANIFESTS_ELSEWHERE', what: 'what its templatePatch names', path }]
}

/** What a mirror set of OpenShift asks for beside images and charts. */
function imageSet(value: Resource['value']): MadeElsewhere[] {
  return [
    ...at(value, 'mirror.platform.channels[*].name', (channel) => `the release of the channel ${channel}`),
    ...at(value, 'mirror.platform.release', (image) => `the payload of the release ${image}`),
    ...at(value, 'mirror.operators[*].catalog', (catalog) => `the operators of the catalog ${catalog}`),
  ]
}

const INSTALLS: ReadonlySet<unknown> = new Set(['HelmRelease', 'HelmChart', 'OCIRepository', 'Kustomization'])

/** What a set makes of its resources, which are filled in first, is not followed. */
function resourceSet(value: Resource['value']): MadeElsewhere[] {
  const resources = valueAt(value, ['spec', 'resources'])
  const listed = (Array.isArray(resources) ? resources : []).flatMap((one: unknown, index): MadeElsewhere[] => {
    if (!isObject(one) || !INSTALLS.has(one.kind)) return []
    const name = valueAt(one, ['metadata', 'name'])
    return [
      {
        code: 'MANIFESTS_ELSEWHERE',
        what: `what its ${one.kind} ${name} installs`,
        path: ['spec', 'resources', index],
      },
    ]
  })
  const text = valueAt(value, ['spec', 'resourcesTemplate'])
  const isOpen = typeof text === 'string' && text !== ''
  return [
    ...listed,
    ...(isOpen
      ? [{ code: 'MANIFESTS_ELSEWHERE', what: 'what its template makes', path: ['spec', 'resourcesTemplate'] } as const]
      : []),
  ]
}

/** What an OCIRepository brings is said of that itself. */
function fluxKustomization(value: Resource['value']): MadeElsewhere[] {
  const { kind, name } = (valueAt(value, ['spec', 'sourceRef']) ?? {}) as Record<string, unknown>
  const directory = valueAt(value, ['spec', 'path'])
  if (typeof name !== 'string' || kind === 'OCIRepository') return []
  const path = typeof directory === 'string' ? directory : ''
  return fromTree(value, 'spec.sourceRef.name', path).map((made) => ({
    ...made,
    what: `manifests from ${kind} ${name}${path === '' ? '' : `, path ${path}`}`,
  }))
}

/** Source: https://kubevela.io/docs/tutorials/kustomize/ */
function velaKustomizations(value: Resource['value']): readonly Path[] {
  return matchPath(value, parsePath('spec.components[*].properties.url')).filter(
    (path) => valueAt(value, [...path.slice(0, -2), 'type']) === 'kustomize',
  )
}

function configSync(value: Resource['value']): MadeElsewhere[] {
  const directory = valueAt(value, ['spec', 'git', 'dir'])
  return [
    ...fromTree(value, 'spec.git.repo', typeof directory === 'string' ? directory : ''),
    ...at(value, 'spec.oci.image', (image) => `manifests from ${image}`),
    ...at(value, 'spec.helm.chart', (chart) => `the chart ${chart}`),
  ]
}
