import { SEEDED } from '../../bundle/format/seed-set.ts'
import type { MapChange } from '../../kubernetes/documents/edit/edited-value.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'

/** What is to change in a nodeSelector, or what of it stands against that. */
export type SelectorChange =
  | { readonly change: MapChange | undefined }
  | { readonly conflict: { readonly key: string; readonly present: string; readonly wanted: string } }

/**
 * Brings the wanted entries into a nodeSelector. The seed label of an earlier set of the same name goes when that of
 * another comes; entries of anybody else stay, and one that says otherwise is a conflict, in which nothing changes.
 */
export function selectorChange(present: unknown, wanted: Readonly<Record<string, string>>): SelectorChange {
  const selected = isObject(present) ? present : {}
  for (const [key, value] of Object.entries(wanted)) {
    const own = selected[key]
    if (own === undefined || own === value) continue
    return { conflict: { key, present: String(own), wanted: value } }
  }
  const set = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => selected[key] !== value))
  const prefixes = new Set(Object.entries(wanted).flatMap((entry) => seedPrefixOf(entry) ?? []))
  const drop = Object.entries(selected).flatMap((entry) => {
    const prefix = seedPrefixOf(entry)
    return prefix !== undefined && prefixes.has(prefix) && !Object.hasOwn(wanted, entry[0]) ? [entry[0]] : []
  })
  return { change: Object.keys(set).length + drop.length > 0 ? { set, drop } : undefined }
}

/** `shop.nodeseed.dev/` of `shop.nodeseed.dev/0123456789abcdef: seeded`; undefined for what is no seed label. */
function seedPrefixOf([key, value]: readonly [string, unknown]): string | undefined {
  return value === SEEDED ? /^(.+\/)[0-9a-f]{16}$/.exec(key)?.[1] : undefined
}
