import type { MatchResources, Variable } from 'kubernetes-types/admissionregistration/v1.js'
import type { SeedLabel } from './seed-label.ts'

export const GUARD_ACTIONS = ['warn', 'deny'] as const
export type GuardAction = (typeof GUARD_ACTIONS)[number]

/** What admission is to know. */
export interface Guard {
  readonly action: GuardAction
  /** Where the list of images is kept. */
  readonly namespace: string
  /** Name of the seed sets. */
  readonly set: string
  /** What the keys of their labels begin with, such as `shop.nodeseed.dev/`. */
  readonly labelPrefix: string
  /** The namespaces whose pods are looked at; others are left alone, the cluster's own among them. */
  readonly namespaces: readonly string[]
  readonly sets: readonly { readonly digest: string; readonly label: SeedLabel; readonly names: readonly string[] }[]
  /** The version of the API that has mutating policies: v1 since Kubernetes 1.36, v1beta1 since 1.34. */
  readonly mutatingApi: 'v1' | 'v1beta1'
}

/**
 * The images of a pod in the form of the list: with a digest, the tag does not count (the runtime ignores it too).
 * `find` is Kubernetes' regular expression function, `split` that of CEL's string extension.
 */
const CANONICAL = "i.contains('@') ? i.find('^[^@]*/[^/:@]*|^[^/:@]*') + '@' + i.split('@')[1] : i"

/** Every image that a pod names: of containers of all three kinds, and of volumes. */
function imagesOf(pod: string): string {
  const optional = ['initContainers', 'ephemeralContainers'].map((field) => `${pod}.spec.?${field}.orValue([])`)
  const containers = [`${pod}.spec.containers`, ...optional].map((list) => `${list}.map(c, c.image)`)
  const volumes = `${pod}.spec.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.reference)`
  return [...containers, volumes].join(' + ')
}

/** What both policies have to find out. On an update, only what was not there before counts. */
export const IMAGE_VARIABLES: Variable[] = [
  { name: 'old', expression: `oldObject == null ? [] : ${imagesOf('oldObject')}` },
  { name: 'images', expression: `(${imagesOf('object')}).filter(i, !(i in variables.old)).map(i, ${CANONICAL})` },
  { name: 'sets', expression: "params.data.map(s, {'digest': [string(s)], 'images': params.data[s].split('\\n')})" },
]

export const PARAM_KIND = { apiVersion: 'v1', kind: 'ConfigMap' } as const

export function paramsOf({ set, namespace }: Guard): { readonly name: string; readonly namespace: string } {
  return { name: `${set}-images`, namespace }
}

/** The namespaces that a binding looks at. */
export function inNamespaces({ namespaces }: Guard): MatchResources {
  const key = 'kubernetes.io/metadata.name'
  return { namespaceSelector: { matchExpressions: [{ key, operator: 'In', values: [...namespaces] }] } }
}
