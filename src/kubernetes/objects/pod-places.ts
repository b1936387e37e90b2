import type { Path } from '../documents/path.ts'
import { formatPath, valueAt } from '../documents/path.ts'
import { customWorkloadsOf, isPolicy } from './custom-workload.ts'
import { CONTAINER_LISTS } from './pod-images.ts'
import { isObject, objectsOf, type Resource } from './resource.ts'
import { GROUPS, templatePathOf, type Workload, workloadOf } from './workload.ts'

/** A place of a resource where pods are described. */
export interface PodPlace {
  readonly resource: Resource
  /** Leads from the resource to what holds the containers. */
  readonly podPath: Path
  readonly podSpec: Readonly<Record<string, unknown>>
  /**
   * What is known of it: a pod spec of a built-in kind; a pod template of a custom resource; or a map that only has
   * containers, of which nobody knows whether a nodeSelector beside them is taken.
   */
  readonly kind: 'builtIn' | 'template' | 'containers'
}

/** Built-in groups whose kinds hold patterns, schemas or history, and no pods that anyone makes of them. */
const NO_PODS = /^(?:apiextensions|admissionregistration)\.k8s\.io$/

/** How deep containers may stand. */
const MAX_DEPTH = 16

/** Every place of a resource where pods are described; the values of a chart are none. */
export function podPlacesOf(resource: Resource): PodPlace[] {
  const workload = workloadOf(resource)
  if (workload) return [placeOfWorkload(workload)]
  const [group = ''] = resource.apiVersion.includes('/') ? resource.apiVersion.split('/') : []
  if (GROUPS.has(group) || NO_PODS.test(group) || isPolicy(resource)) return []
  const templates = customWorkloadsOf(resource).map(({ templatePath }) =>
    placeOf(resource, [...templatePath, 'spec'], 'template'),
  )
  const taken = new Set(templates.map(({ podPath }) => formatPath(podPath)))
  const others = [...containerPaths(resource.value, [])].filter((path) => !taken.has(formatPath(path)))
  return [
    ...templates,
    ...others.map((path) => placeOf(resource, path, takesNodeSelector(resource, path) ? 'template' : 'containers')),
  ]
}

/**
 * Custom resources that take a nodeSelector beside containers, by group and path. Sources: the APIs of
 * prometheus-operator (`CommonPrometheusFields`, `AlertmanagerSpec`, `ThanosRulerSpec`) and KServe (`PodSpec` inline).
 */
const KNOWN_PLACES: readonly (readonly [group: string, path: RegExp])[] = [
  ['monitoring.coreos.com', /^spec$/],
  ['serving.kserve.io', /^spec\.(?:predictor|transformer|explainer)$/],
]

/** A known field, or the spec of a Pod that stands as a whole in another resource. */
function takesNodeSelector({ apiVersion, value }: Resource, path: Path): boolean {
  const owner = valueAt(value, path.slice(0, -1))
  if (isObject(owner) && owner.apiVersion === 'v1' && owner.kind === 'Pod' && path.at(-1) === 'spec') return true
  return KNOWN_PLACES.some(([group, at]) => apiVersion.startsWith(`${group}/`) && at.test(formatPath(path)))
}

/** The place that a workload is. */
export function placeOfWorkload({ resource, templatePath }: Workload): PodPlace {
  return placeOf(resource, [...templatePath, 'spec'], templatePathOf(resource) ? 'builtIn' : 'template')
}

function placeOf(resource: Resource, podPath: Path, kind: PodPlace['kind']): PodPlace {
  return { resource, podPath, podSpec: valueAt(resource.value, podPath) as Record<string, unknown>, kind }
}

function* containerPaths(value: unknown, path: Path): Generator<Path> {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return
  if (isObject(value) && hasContainers(value)) yield path
  for (const [key, child] of Object.entries(value)) {
    const isInside = (CONTAINER_LISTS as readonly string[]).includes(key) && isObject(value) && hasContainers(value)
    if (key !== 'values' && !isInside) yield* containerPaths(child, [...path, Array.isArray(value) ? Number(key) : key])
  }
}

/** Some of its containers name an image; in a custom resource the others are patches of what its operator makes. */
function hasContainers(value: Record<string, unknown>): boolean {
  return CONTAINER_LISTS.some((list) => {
    const entries = objectsOf(value[list] as Record<string, unknown>[])
    const areNamed = entries.every(({ name }) => typeof name === 'string' && name !== '')
    return areNamed && entries.some(({ image }) => typeof image === 'string' && image !== '')
  })
}
