import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'
import type { UnresolvedImage } from '../walk/walk-state.ts'

/** What a registry has below it in such a list, and nothing else has. */
const LISTS = ['images', 'images-by-tag-regex', 'images-by-semver']
const SETTINGS = ['credentials', 'tls-verify', 'cert-dir']
const REGISTRY = /^(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d{1,5})?$/

/**
 * What `skopeo sync --src yaml` would copy: registries, their repositories, and the tags or digests of each. Which tags an
 * empty list or a pattern means only the registry knows. Undefined for anything else. Source: skopeo-sync(1).
 */
export function readSyncList(
  value: unknown,
): { candidates: readonly ImageCandidate[]; unresolved: readonly UnresolvedImage[] } | undefined {
  const registries = isObject(value) ? Object.entries(value) : []
  if (registries.length === 0 || !registries.every(([name, below]) => REGISTRY.test(name) && isRegistry(below))) {
    return undefined
  }
  const candidates: ImageCandidate[] = []
  const unresolved: UnresolvedImage[] = []
  const at = { textLine: undefined, container: undefined, layer: 'config', policy: undefined } as const
  for (const [registry, below] of registries as [string, Record<string, unknown>][]) {
    for (const list of LISTS) {
      for (const [repository, tags] of Object.entries(isObject(below[list]) ? below[list] : {})) {
        const path: Path = [registry, list, repository]
        const name = `${registry}/${repository}`
        const told = Array.isArray(tags) ? tags : []
        told.forEach((tag, index) => {
          const reference = `${name}${/^sha\d+:/.test(String(tag)) ? '@' : ':'}${tag}`
          candidates.push({
            ...at,
            reference,
            path: [...path, index],
            confidence: 'likely',
            why: 'a list of skopeo sync',
          })
        })
        if (told.length === 0) unresolved.push({ ...at, text: `${name}:<tag>`, path, isPodSpec: false })
      }
    }
  }
  return { candidates, unresolved }
}

function isRegistry(below: unknown): boolean {
  if (!isObject(below)) return false
  const keys = Object.keys(below)
  return keys.some((key) => LISTS.includes(key)) && keys.every((key) => LISTS.includes(key) || SETTINGS.includes(key))
}
