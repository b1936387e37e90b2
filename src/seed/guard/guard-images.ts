import type { MatchResources, Variable } from 'kubernetes-types/admissionregistration/v1.js'
import type { SeedLabel } from '../placement/seed-label.ts'
import { imageNameVariants } from './image-name-variants.ts'

export const GUARD_ACTIONS = ['warn', 'deny'] as const
export type GuardAction = (typeof GUARD_ACTIONS)[number]

/** What admission is to know. */
export interface Guard {
  readonly action: GuardAction
  /** Name of the seed sets. */
  readonly set: string
  /** What the keys of their labels begin with, such as `shop.nodeseed.dev/`. */
  readonly labelPrefix: string
  /** The namespaces whose pods are looked at; others are left alone, the cluster's own among them. */
  readonly namespaces: readonly string[]
  readonly sets: readonly { readonly label: SeedLabel; readonly names: readonly string[] }[]
  /** The version of the API that has mutating policies: v1 since Kubernetes 1.36, v1beta1 since 1.34. */
  readonly mutatingApi: 'v1' | 'v1beta1'
}

/**
 * An image in the form of the lists: with a digest, the tag does not count (the runtime ignores it too).
 * `find` is Kubernetes' regular expression function.
 */
const CANONICAL = "i.contains('@') ? i.find('^[^@]*/[^/:@]*|^[^/:@]*') + '@' + i.split('@')[1] : i"

/** CEL takes expressions of up to 100,000 characters. */
const MAX_LIST_LENGTH = 50_000

/** The images that the pod spec `spec` of the policy names and `oldSpec` does not: of containers of all kinds, and of volumes. */
export const NEW_IMAGES: readonly Variable[] = [
  { name: 'old', expression: imagesOf('variables.oldSpec') },
  {
    name: 'images',
    expression: `(${imagesOf('variables.spec')}).filter(i, !(i in variables.old)).map(i, ${CANONICAL})`,
  },
]

/** What there was before there was anything. */
export const NO_SPEC = "dyn({'containers': []})"

function imagesOf(spec: string): string {
  const optional = ['initContainers', 'ephemeralContainers'].map((field) => `${spec}.?${field}.orValue([])`)
  const containers = [`${spec}.containers`, ...optional].map((list) => `${list}.map(c, c.image)`)
  const volumes = `${spec}.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.reference)`
  return [...containers, volumes].join(' + ')
}

/** A list of images as an expression can ask for it. */
export interface ImageList {
  readonly variables: readonly Variable[]
  /** Whether the image `i` is in the list. */
  readonly holds: string
}

/**
 * Every spelling of images, as variables of a policy. The list is part of the policy and not a parameter: once no
 * binding has a ConfigMap as its parameter, an API server looks at no ConfigMap again until it is restarted
 * (kubernetes/kubernetes#130887), and a guard that comes back would refuse everything.
 */
export function imageList(name: string, names: readonly string[]): ImageList {
  const variants = [...new Set(names.flatMap(imageNameVariants))].sort()
  const parts: string[][] = [[]]
  let length = 0
  for (const variant of variants) {
    const literal = JSON.stringify(variant)
    length += literal.length
    if (length > MAX_LIST_LENGTH) {
      parts.push([])
      length = literal.length
    }
    parts.at(-1)?.push(literal)
  }
  const variables = parts.map((literals, index) => ({
    name: `${name}${index}`,
    expression: `[\n${literals.map((literal) => `  ${literal},\n`).join('')}]`,
  }))
  return { variables, holds: `(${variables.map((list) => `i in variables.${list.name}`).join(' || ')})` }
}

/** The namespaces that a binding looks at. */
export function inNamespaces({ namespaces }: Guard): MatchResources {
  const key = 'kubernetes.io/metadata.name'
  return { namespaceSelector: { matchExpressions: [{ key, operator: 'In', values: [...namespaces] }] } }
}
