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
  for (const { start, end, insert } of splices.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(at, start), insert)
    at = end
  }
  return [...pieces, text.slice(at)].join('')
}
