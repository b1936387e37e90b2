/** What is collected on the way through documents, as data alone, so that it can come from another thread. */
type Collection = unknown[] | Set<unknown> | Map<unknown, unknown>

/**
 * Puts what was collected from later documents behind what is here: lists and sets take in the others', maps too, where
 * of one key collections are joined and of other values the later counts; what is true in one is true.
 */
export function joinCollected<T extends object>(here: T, later: T): void {
  for (const key of Object.keys(later) as (keyof T)[]) {
    const more = later[key]
    if (isCollection(more)) joinCollection(here[key] as Collection, more)
    else here[key] ||= more
  }
}

function joinCollection(here: Collection, later: Collection): void {
  if (Array.isArray(later)) {
    for (const one of later) (here as unknown[]).push(one)
  } else if (later instanceof Set) {
    for (const one of later) (here as Set<unknown>).add(one)
  } else {
    const map = here as Map<unknown, unknown>
    for (const [key, more] of later) {
      const known = map.get(key)
      if (isCollection(known) && isCollection(more)) joinCollection(known, more)
      else map.set(key, more)
    }
  }
}

function isCollection(value: unknown): value is Collection {
  return Array.isArray(value) || value instanceof Set || value instanceof Map
}
