import { isObject } from '../../kubernetes/objects/resource.ts'
import { readKey } from '../classify/key.ts'

/** What images of a resource have in common, unless they say it themselves. */
export interface SurroundingParts {
  /** Registry and repository prefix. */
  readonly registry: string | undefined
  readonly version: string | undefined
}

type Texts = Readonly<Record<string, unknown>>

const PROJECT = /^(?:project|organization|org)$/i

/**
 * The registry (or repository prefix) and the version that maps give to images without them: beside the image, above it,
 * or under `global`: `global: {hub: docker.io/istio, tag: 1.20}` with `proxy: {image: proxyv2}`. The last map is nearest.
 */
export function partsAround(maps: readonly Texts[]): SurroundingParts {
  const sources = maps
    .toReversed()
    .flatMap((map) => (isObject(map.global) ? [map, map.global] : [map]))
    .map(partsIn)
  const holder = sources.find(({ prefix }) => prefix !== undefined)
  const registry = holder?.prefix?.replace(/\/$/, '')
  return {
    registry: registry && holder?.project ? `${registry}/${holder.project}` : registry,
    // A chart's version is not that of what the chart installs.
    version: sources.find(({ version, isChart }) => !isChart && version !== undefined)?.version,
  }
}

interface PartsOfMap {
  /** A registry or repository. */
  readonly prefix: string | undefined
  readonly version: string | undefined
  readonly project: string | undefined
  readonly isChart: boolean
}

/** A map is asked for by everything below it, and read once. */
const known = new WeakMap<Texts, PartsOfMap>()

function partsIn(map: Texts): PartsOfMap {
  const parts = known.get(map) ?? {
    prefix: textFor(map, ['registry', 'repository']),
    version: textFor(map, ['tag', 'version']),
    project: Object.entries(map).find(isProject)?.[1] as string | undefined,
    isChart: 'chart' in map,
  }
  known.set(map, parts)
  return parts
}

function isProject([name, value]: [string, unknown]): boolean {
  return PROJECT.test(name) && typeof value === 'string'
}

function textFor(map: Texts, roles: readonly string[]): string | undefined {
  for (const [name, value] of Object.entries(map)) {
    const { role, stem } = readKey(name)
    if (stem === '' && roles.includes(role) && typeof value === 'string' && value !== '') return value
  }
  return undefined
}
