/** One page of a sorted list, and where the next one starts. */
export interface Page {
  readonly items: readonly string[]
  readonly next: string | undefined
}

/**
 * The page that `n` and `last` ask for: at most `n` entries that sort after `last`, which need not be an entry itself.
 * With `n=0` the page is empty and is the last one. Undefined when `n` is no number.
 * Source: distribution-spec 1.1, "Listing Tags".
 */
export function pageOf(
  sorted: readonly string[],
  { n, last }: { n: string | null; last: string | null },
): Page | undefined {
  if (n !== null && !/^\d{1,9}$/.test(n)) return undefined
  const rest = last === null ? sorted : sorted.filter((entry) => entry > last)
  const limit = n === null ? rest.length : Number(n)
  const items = rest.slice(0, limit)
  return { items, next: limit > 0 && limit < rest.length ? items.at(-1) : undefined }
}
