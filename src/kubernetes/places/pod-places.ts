import type { Path } from '../documents/path.ts'
import { formatPath, valueAt } from '../documents/path.ts'
import { customTemplatesOf, isPolicy } from '../objects/custom-workload.ts'
import { CONTAINER_LISTS } from '../objects/pod-images.ts'
import { isObject, objectsOf, type Resource } from '../objects/resource.ts'
import { GROUPS, templatePathOf, type Workload, workloadOf } from '../objects/workload.ts'

import { containerImages, type KnownPod, knownPodsOf, type PlacedImage } from './known-pods.ts'

/** A place of a resource where pods are described. */
export interface PodPlace {
  readonly resource: Resource
  /** Leads from the resource to what holds the containers. */
  readonly podPath: Path
  readonly podSpec: Readonly<Record<string, unknown>>
  /**
   * What is known of it: a pod spec of a built-in kind; a pod template of a custom resource; fields of a custom resource
   * whose schema is known; or a map that only has containers, of which nobody knows whether a nodeSelector beside them is
   * taken.
   */
  readonly kind: 'builtIn' | 'template' | 'known' | 'containers'
  readonly images: readonly PlacedImage[]
  /** From the resource; a text says why a nodeSelector goes nowhere. */
  readonly selectorAt: Path | string
  /** What the pod selects nodes by unless it has a nodeSelector of its own. */
  readonly inherited: Readonly<Record<string, string>>
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
  const known = knownPodsOf(resource).map((pod) => placeOfKnown(resource, pod))
  const paths = new Set(known.map(({ podPath }) => formatPath(podPath)))
  const templates = customTemplatesOf(resource)
    .map(({ templatePath }) => placeOf(resource, [...templatePath, 'spec'], 'template'))
    .filter(({ podPath }) => !paths.has(formatPath(podPath)))
  const taken = new Set([...known, ...templates].map(({ podPath }) => formatPath(podPath)))
  const others = [...containerPaths(resource.value, [])]
    .filter((path) => !taken.has(formatPath(path)))
    .map((path) => placeOf(resource, path, takesNodeSelector(resource, path) ? 'template' : 'containers'))
  const named = new Set(known.flatMap((place) => imagePathsOf(place)))
  return [
    ...withoutTwice(known, templates),
    ...templates,
    ...others.filter((place) => imagePathsOf(place).some((path) => !named.has(path))),
  ]
}

function imagePathsOf({ podPath, images }: PodPlace): string[] {
  return images.map(({ path }) => formatPath([...podPath, ...path]))
}

/**
 * Custom resources that take a nodeSelector beside containers, by group and path. Sources: the APIs of
 * prometheus-operator (`CommonPrometheusFields`, `AlertmanagerSpec`, `ThanosRulerSpec`) and KServe (`PodSpec` inline, `ServingRuntimePodSpec`).
 */
const KNOWN_PLACES: readonly (readonly [group: string, path: RegExp])[] = [
  ['monitoring.coreos.com', /^spec$/],
  ['serving.kserve.io', /^spec(?:\.(?:predictor|transformer|explainer))?$/],
]

/** A known field, or the spec of a Pod that stands as a whole in another resource. */
function takesNodeSelector({ apiVersion, value }: Resource, path: Path): boolean {
  const owner = valueAt(value, path.slice(0, -1))
  if (isObject(owner) && owner.apiVersion === 'v1' && owner.kind === 'Pod' && path.at(-1) === 'spec') return true
  return KNOWN_PLACES.some(([group, at]) => apiVersion.startsWith(`${group}/`) && at.test(formatPath(path)))
}

/** The place that a workload is. */
export function placeOfWorkload({ resource, templatePath }: Workload): PodPlace {
  const known = knownPodsOf(resource).find(({ podPath }) => formatPath(podPath) === formatPath(templatePath))
  if (known) return placeOfKnown(resource, known)
  return placeOf(resource, [...templatePath, 'spec'], templatePathOf(resource) ? 'builtIn' : 'template')
}

function placeOf(resource: Resource, podPath: Path, kind: PodPlace['kind']): PodPlace {
  const podSpec = valueAt(resource.value, podPath) as Record<string, unknown>
  return { resource, podPath, podSpec, kind, ...podFields(podPath, podSpec) }
}

function podFields(podPath: Path, podSpec: unknown): Pick<PodPlace, 'images' | 'selectorAt' | 'inherited'> {
  return { images: containerImages(podSpec), selectorAt: [...podPath, 'nodeSelector'], inherited: {} }
}

function placeOfKnown(resource: Resource, pod: KnownPod): PodPlace {
  const podSpec = valueAt(resource.value, pod.podPath) as Record<string, unknown>
  return { resource, podSpec, kind: 'known', ...pod }
}

/** A nodeSelector that a template inside takes is set once, with that. */
function withoutTwice(places: readonly PodPlace[], templates: readonly PodPlace[]): PodPlace[] {
  const taken = new Set(templates.map(({ selectorAt }) => JSON.stringify(selectorAt)))
  return places.map((place) => (taken.has(JSON.stringify(place.selectorAt)) ? { ...place, selectorAt: [] } : place))
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
