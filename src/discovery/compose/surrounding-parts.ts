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
  const sources = maps.toReversed().flatMap((map) => (isObject(map.global) ? [map, map.global] : [map]))
  const holder = sources.find((map) => textFor(map, ['registry', 'repository']) !== undefined) ?? {}
  const registry = textFor(holder, ['registry', 'repository'])?.replace(/\/$/, '')
  const project = Object.entries(holder).find(([name, value]) => PROJECT.test(name) && typeof value === 'string')?.[1]
  return {
    registry: registry && project ? `${registry}/${project}` : registry,
    version: sources
      // A chart's version is not that of what the chart installs.
      .filter((map) => !('chart' in map))
      .map((map) => textFor(map, ['tag', 'version']))
      .find((text) => text !== undefined),
  }
}

function textFor(map: Texts, roles: readonly string[]): string | undefined {
  for (const [name, value] of Object.entries(map)) {
    const { role, stem } = readKey(name)
    if (stem === '' && roles.includes(role) && typeof value === 'string' && value !== '') return value
  }
  return undefined
}
