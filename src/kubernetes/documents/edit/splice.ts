/** `insert` in place of what stands from `start` to `end`. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly insert: string
}

/** The text with all splices in it; their places are those of the text as it was. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const pieces: string[] = []
  let at = 0
  // What is put before something comes before what is put in its place.
  for (const { start, end, insert } of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    pieces.push(text.slice(at, start), insert)
    at = end
  }
  return [...pieces, text.slice(at)].join('')
}
