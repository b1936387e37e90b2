/** How many names a line shows before it counts the rest. */
const SHOWN = 5

/** `1 image`, `2 images`; a plural of its own where an s is not enough: `2 registries`. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}

/** The first five names in alphabetical order, and how many more there are: `a, b, c, d, e and 7 more`. */
export function listNames(names: readonly string[]): string {
  if (names.length <= SHOWN) return names.toSorted().join(', ')
  return `${firstOf(names).join(', ')} and ${names.length - SHOWN} more`
}

/** In one pass: to sort thousands of names for five of them, at every finding, took most of a large audit's time. */
function firstOf(names: readonly string[]): string[] {
  const first: string[] = []
  for (const name of names) {
    if (first.length === SHOWN && name >= (first[SHOWN - 1] as string)) continue
    const at = first.findIndex((other) => name < other)
    first.splice(at < 0 ? first.length : at, 0, name)
    if (first.length > SHOWN) first.pop()
  }
  return first
}
