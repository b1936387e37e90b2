import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { isObject, objectsOf, type Resource } from '../objects/resource.ts'
import { containerRequests, quantities, type Resources } from '../pods/pod-resources.ts'

type Quantities = Readonly<Record<string, string>>

/** What a namespace asks of each container in it, and gives those that say nothing. */
export interface LimitRange {
  readonly name: string
  readonly namespace: string | undefined
  readonly limits: readonly LimitRangeItem[]
}

interface LimitRangeItem {
  readonly type: string
  readonly default: Quantities
  readonly defaultRequest: Quantities
  readonly min: Resources
  readonly max: Resources
  readonly maxLimitRequestRatio: Resources
}

/** The LimitRange that a resource is, or undefined. Defaults follow from max, default and min, in this order. */
export function limitRangeOf({ apiVersion, kind, name, namespace, value }: Resource): LimitRange | undefined {
  if (kind !== 'LimitRange' || apiVersion !== 'v1') return undefined
  const items = objectsOf(valueAt(value, ['spec', 'limits']) as Record<string, unknown>[] | undefined)
  const limits = items.map((item): LimitRangeItem => {
    const defaults = { ...listOf(item.max), ...listOf(item.default) }
    return {
      type: String(item.type),
      default: defaults,
      defaultRequest: { ...listOf(item.min), ...defaults, ...listOf(item.defaultRequest) },
      min: quantities(item.min),
      max: quantities(item.max),
      maxLimitRequestRatio: quantities(item.maxLimitRequestRatio),
    }
  })
  return { name, namespace, limits }
}

/**
 * A pod with the requests and limits of its namespace's LimitRanges where it has none, and what is wrong with it then.
 * Source: kubernetes 1.37, plugin/pkg/admission/limitranger, which is on by default.
 */
export function withLimitRanges(
  spec: PodSpec,
  ranges: readonly LimitRange[],
): { spec: PodSpec; rejection?: string | undefined } {
  let filled = spec
  for (const { limits } of ranges) {
    const items = limits.filter(({ type }) => type === 'Container')
    const requests = Object.assign({}, ...items.map((item) => item.defaultRequest))
    const defaults = Object.assign({}, ...items.map((item) => item.default))
    const fill = (container: Container): Container => {
      const own: Partial<Record<'requests' | 'limits', object>> = isObject(container.resources)
        ? container.resources
        : {}
      const resources = { ...own, requests: { ...requests, ...own.requests }, limits: { ...defaults, ...own.limits } }
      return { ...container, resources }
    }
    filled = {
      ...filled,
      containers: objectsOf(filled.containers).map(fill),
      ...(filled.initContainers && { initContainers: objectsOf(filled.initContainers).map(fill) }),
    }
  }
  const problems = ranges.flatMap(({ name, limits }) =>
    limits.flatMap((item) => problemsOf(filled, item).map((problem) => `LimitRange ${name}: ${problem}`)),
  )
  return { spec: filled, rejection: problems[0] }
}

/** Why the LimitRanges of its namespace refuse a claim that requests so much; undefined where none does. */
export function refusedClaim(requests: unknown, ranges: readonly LimitRange[]): string | undefined {
  const wanted = quantities(requests)
  for (const { name, limits } of ranges) {
    for (const { type, min, max } of limits) {
      if (type !== 'PersistentVolumeClaim') continue
      for (const [resource, least] of min) {
        if ((wanted.get(resource) ?? -1) < least)
          return `LimitRange ${name}: it requests less ${resource} than its minimum`
      }
      for (const [resource, most] of max) {
        if ((wanted.get(resource) ?? Infinity) > most)
          return `LimitRange ${name}: it requests more ${resource} than allowed`
      }
    }
  }
  return undefined
}

/** Those of one namespace. */
export function rangesIn(namespace: string, ranges: readonly LimitRange[] = []): LimitRange[] {
  return ranges.filter((range) => (range.namespace || 'default') === namespace)
}

function problemsOf(spec: PodSpec, item: LimitRangeItem): string[] {
  if (item.type === 'Pod') {
    const { requests, limits } = (spec as { resources?: { requests?: unknown; limits?: unknown } }).resources ?? {}
    const wanted = new Map([...containerRequests(spec), ...quantities(requests)])
    const allowed = containerRequests(spec, (container) => quantities(container.resources?.limits))
    return breaches('the pod', wanted, new Map([...allowed, ...quantities(limits)]), item)
  }
  if (item.type !== 'Container') return []
  return [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)].flatMap(({ name, resources }) =>
    breaches(`container ${name}`, quantities(resources?.requests), quantities(resources?.limits), item),
  )
}

function breaches(
  who: string,
  requests: Resources,
  limits: Resources,
  { min, max, maxLimitRequestRatio }: LimitRangeItem,
): string[] {
  const found: string[] = []
  for (const [name, least] of min) {
    if ((requests.get(name) ?? -1) < least) found.push(`${who} requests less ${name} than its minimum`)
  }
  for (const [name, most] of max) {
    if (Math.max(requests.get(name) ?? 0, limits.get(name) ?? 0) > most)
      found.push(`${who} has more ${name} than allowed`)
    else if (!limits.has(name)) found.push(`${who} has no limit of ${name}`)
  }
  for (const [name, ratio] of maxLimitRequestRatio) {
    const [request = 0, limit = 0] = [requests.get(name), limits.get(name)]
    if (request === 0 || limit === 0 || (limit / request) * 1000 > ratio) {
      found.push(`${who} has a limit of ${name} too far above its request`)
    }
  }
  return found
}

function listOf(value: unknown): Quantities {
  return isObject(value) ? (value as Quantities) : {}
}
