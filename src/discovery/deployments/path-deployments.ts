import { isObject, textsOf } from '../../kubernetes/objects/resource.ts'
import { argoApplications } from '../charts/application-sets.ts'
import { sourcesOf } from '../charts/argo-charts.ts'
import type { Namer, TreePath } from '../charts/chart-install.ts'
import { repositoryOf } from '../charts/flux-charts.ts'
import { type GitOpsResources, mapAt, textAt } from '../charts/gitops-resources.ts'
import { imageOfEdit } from './kustomize-image.ts'
import { type Substitution, substitutionOf } from './substitution.ts'

/** What is laid into the kustomization at a path: lists are put behind those there, images in the place of equal names. */
export interface KustomizationEdits {
  readonly [field: string]: unknown
}

/** A path of a repository that a resource applies, and what it changes on the way. */
export interface PathDeployment {
  readonly namer: Namer
  readonly at: TreePath
  /** The name of the Application of Argo CD that it is. */
  readonly application?: string
  readonly edits: KustomizationEdits
  readonly substitution?: Substitution | undefined
  /** Whether what lies there without a kustomization is one too. */
  readonly makesKustomization: boolean
  /** Whether it is in a registry rather than in git. */
  readonly isArtifact: boolean
  /** What is not known of it, each a part of a sentence. */
  readonly unknown: readonly string[]
}

/** What Flux and Argo CD apply of paths, in the order in which they were read. */
export function pathDeployments(resources: GitOpsResources): PathDeployment[] {
  return [...fluxPaths(resources), ...argoPaths(resources)]
}

const LISTS = ['patches', 'patchesStrategicMerge', 'patchesJson6902', 'components', 'images'] as const
const TEXTS = ['namePrefix', 'nameSuffix'] as const

/** Source: https://fluxcd.io/flux/components/kustomize/kustomizations/ */
function fluxPaths(resources: GitOpsResources): PathDeployment[] {
  return resources.all('kustomize.toolkit.fluxcd.io', 'Kustomization').map((namer): PathDeployment => {
    const spec = mapAt(namer.value, 'spec')
    const [kind = '', name] = [textAt(spec, 'sourceRef.kind'), textAt(spec, 'sourceRef.name')]
    const substitution = substitutionOf(resources, namer)
    const within = textAt(spec, 'sourceRef.namespace') ?? namer.namespace
    const repository = repositoryOf(kind, name, resources.find('source.toolkit.fluxcd.io', kind, name, within))
    return {
      namer,
      at: { repository, path: textAt(spec, 'path') ?? '.' },
      edits: {
        ...fieldsOf(spec, LISTS, (value) => Array.isArray(value) && value.length > 0),
        ...fieldsOf(spec, TEXTS, (value) => typeof value === 'string' && value !== ''),
        ...(textAt(spec, 'targetNamespace') !== undefined && { namespace: textAt(spec, 'targetNamespace') }),
      },
      substitution,
      makesKustomization: true,
      isArtifact: kind === 'OCIRepository',
      unknown: substitution?.unknown ?? [],
    }
  })
}

/** Source: https://argo-cd.readthedocs.io/en/stable/user-guide/kustomize/ */
function argoPaths(resources: GitOpsResources): PathDeployment[] {
  return argoApplications(resources).flatMap(({ namer, body, unknown }) =>
    sourcesOf(body).flatMap((source): PathDeployment[] => {
      const [path, repository] = [textAt(source, 'path'), textAt(source, 'repoURL')]
      if (path === undefined || repository === undefined || 'chart' in source) return []
      const kustomize = mapAt(source, 'kustomize')
      const images = textsOf(kustomize.images).map(imageOfEdit)
      const plugin = isObject(source.plugin) ? ['its plugin is not run'] : []
      return [
        {
          namer,
          at: { repository, path },
          application: textAt(body, 'metadata.name') ?? namer.name,
          edits: {
            ...fieldsOf(
              kustomize,
              ['patches', 'components', 'replicas'],
              (value) => Array.isArray(value) && value.length > 0,
            ),
            ...fieldsOf(kustomize, [...TEXTS, 'namespace'], (value) => typeof value === 'string' && value !== ''),
            ...(images.length > 0 && { images }),
          },
          makesKustomization: false,
          isArtifact: repository.startsWith('oci://'),
          unknown: [...unknown, ...plugin],
        },
      ]
    }),
  )
}

function fieldsOf(
  map: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  isSaid: (value: unknown) => boolean,
): KustomizationEdits {
  return Object.fromEntries(fields.flatMap((field) => (isSaid(map[field]) ? [[field, map[field]]] : [])))
}

/** Whether a deployment applies a path other than it stands there. */
export function isChanged({ edits, substitution }: PathDeployment): boolean {
  return Object.keys(edits).length > 0 || substitution !== undefined
}

/** What of a deployment changes what it applies, for people: `patches, images`. */
export function changesOf({ edits, substitution }: PathDeployment): string {
  return [...Object.keys(edits), ...(substitution ? ['postBuild'] : [])].join(', ')
}
