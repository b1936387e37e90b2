/** A part of a whole; places and extents are shares of it, 0 to 1. */
export interface Tile<T> {
  readonly item: T
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/**
 * Tiles whose areas are as their weights, the largest first, each as near to a square as its row lets it be, on a ground
 * that is `aspect` times as wide as high. What weighs nothing has no tile.
 * Source: Bruls, Huizing, van Wijk, "Squarified Treemaps".
 */
export function treemap<T>(items: readonly T[], weightOf: (item: T) => number, aspect: number): Tile<T>[] {
  const weighing = items.filter((item) => weightOf(item) > 0).toSorted((a, b) => weightOf(b) - weightOf(a))
  const total = weighing.reduce((sum, item) => sum + weightOf(item), 0)
  const areaOf = (item: T) => (weightOf(item) / total) * aspect
  const tiles: Tile<T>[] = []
  let free: Rectangle = { x: 0, y: 0, width: aspect, height: 1 }
  for (let from = 0; from < weighing.length; ) {
    const side = Math.min(free.width, free.height)
    let to = from + 1
    while (
      to < weighing.length &&
      worst(weighing.slice(from, to + 1).map(areaOf), side) <= worst(weighing.slice(from, to).map(areaOf), side)
    )
      to++
    const row = weighing.slice(from, to)
    tiles.push(...rowOf(row, areaOf, free))
    free = restOf(
      free,
      row.reduce((sum, item) => sum + areaOf(item), 0),
    )
    from = to
  }
  return tiles.map((tile) => ({ ...tile, x: tile.x / aspect, width: tile.width / aspect }))
}

/** How far the least square tile of a row is from a square. */
function worst(areas: readonly number[], side: number): number {
  const sum = areas.reduce((total, area) => total + area, 0)
  const [most, least] = [areas[0] ?? 0, areas.at(-1) ?? 0]
  return Math.max((side * side * most) / (sum * sum), (sum * sum) / (side * side * least))
}

/** A row along the shorter side of what is free. */
function rowOf<T>(row: readonly T[], areaOf: (item: T) => number, free: Rectangle): Tile<T>[] {
  const sum = row.reduce((total, item) => total + areaOf(item), 0)
  const isColumn = free.width >= free.height
  const depth = sum / (isColumn ? free.height : free.width)
  let along = 0
  return row.map((item) => {
    const length = areaOf(item) / depth
    const at = along
    along += length
    return isColumn
      ? { item, x: free.x, y: free.y + at, width: depth, height: length }
      : { item, x: free.x + at, y: free.y, width: length, height: depth }
  })
}

function restOf({ x, y, width, height }: Rectangle, area: number): Rectangle {
  if (width >= height) {
    const depth = area / height
    return { x: x + depth, y, width: width - depth, height }
  }
  const depth = area / width
  return { x, y: y + depth, width, height: height - depth }
}
