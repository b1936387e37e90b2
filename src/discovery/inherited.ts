import { isObject } from '../kubernetes/resource.ts'
import { readKey } from './key.ts'

/** Where images of a resource come from, unless they say it themselves. */
export interface Inherited {
  readonly registry: string
  readonly version: string
}

/**
 * The registry (or repository prefix) and the version that maps above give to images without them: beside the image, or
 * under `global`: `global: {hub: docker.io/istio, tag: 1.20}` with `proxy: {image: proxyv2}`. Both are needed.
 */
export function inheritedFrom(maps: readonly Readonly<Record<string, unknown>>[]): Inherited | undefined {
  const sources = maps.toReversed().flatMap((map) => (isObject(map.global) ? [map, map.global] : [map]))
  const registry = firstText(sources, ['registry', 'repository'])
  const version = firstText(sources, ['tag', 'version'])
  return registry && version ? { registry: registry.replace(/\/$/, ''), version } : undefined
}

function firstText(maps: readonly Readonly<Record<string, unknown>>[], roles: readonly string[]): string | undefined {
  for (const map of maps) {
    for (const [name, value] of Object.entries(map)) {
      const { role, stem } = readKey(name)
      if (stem === '' && roles.includes(role) && typeof value === 'string' && value !== '') return value
    }
  }
  return undefined
}
