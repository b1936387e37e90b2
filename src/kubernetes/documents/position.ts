import type { Path } from './path.ts'

/** Where the values of one document stand. */
export interface Positions {
  /** Takes what js-yaml announces while it reads. */
  readonly listener: (event: 'open' | 'close', state: State) => void
  /** The line of the value at a path, from 0; for a path that is not there, of the nearest parent that is. */
  lineOf(path: Path): number
}

/** The reader's state as its listener sees it; js-yaml's types leave it open. */
interface State {
  readonly line: number
  readonly kind: string | null
  readonly result: unknown
}

/**
 * Notes of where the nodes of a document stand. Flat arrays in the order of opening, because most documents are never
 * asked for a line and the notes must cost next to nothing.
 */
export function notePositions(): Positions {
  const lines: number[] = []
  const kinds: (string | null)[] = []
  const results: unknown[] = []
  /** Where the next node that is not inside this one begins. */
  const ends: number[] = []
  const open: number[] = []
  const childrenOf = new Map<number, number[]>()
  const valuesIn = new Map<number, ReadonlyMap<string, number>>()

  const listener = (event: 'open' | 'close', { line, kind, result }: State): void => {
    if (event === 'open') {
      open.push(lines.length)
      lines.push(line)
      kinds.push(null)
      results.push(undefined)
      ends.push(0)
      return
    }
    const node = open.pop() ?? 0
    kinds[node] = kind
    results[node] = result
    ends[node] = lines.length
  }

  /** The reader tries a node as the key of a block mapping first; where it is none, it is announced inside itself. */
  const unwrap = (node: number): number => {
    let inner = node
    while (inner + 1 < (ends[inner] ?? 0) && ends[inner + 1] === ends[inner]) {
      if (results[inner + 1] !== results[node] || kinds[inner + 1] !== kinds[node]) break
      inner++
    }
    return inner
  }

  const children = (node: number): number[] => {
    const known = childrenOf.get(node)
    if (known) return known
    const found: number[] = []
    const end = ends[node] ?? 0
    for (let child = node + 1; child < end; child = ends[child] || end) found.push(child)
    childrenOf.set(node, found)
    return found
  }

  const childAt = (node: number, key: string | number): number | undefined => {
    if (kinds[node] === 'sequence') return children(node)[Number(key)]
    if (kinds[node] !== 'mapping') return undefined
    return valuesOf(node).get(String(key))
  }

  /** The nodes of a mapping's values by their keys. */
  const valuesOf = (node: number): ReadonlyMap<string, number> => {
    const known = valuesIn.get(node)
    if (known) return known
    const nodes = children(node)
    const mapping = results[node] as Record<string, unknown>
    const values = new Map<string, number>()
    // Key, value, key, value; the last of equal keys wins, as in the value. The value is compared because a tag or an
    // anchor makes the reader go back and announce a key twice.
    for (let index = 1; index < nodes.length; index++) {
      const key = results[nodes[index - 1] ?? 0]
      if (typeof key === 'object' && key !== null) continue
      const at = nodes[index] ?? 0
      if (Object.is(results[at], mapping[String(key)])) values.set(String(key), at)
    }
    valuesIn.set(node, values)
    return values
  }

  const lineOf = (path: Path): number => {
    let node = 0
    for (const key of path) {
      const child = childAt(unwrap(node), key)
      if (child === undefined) break
      node = child
    }
    return lines[kinds[node] === 'scalar' ? unwrap(node) : node] ?? 0
  }

  return { listener, lineOf }
}
