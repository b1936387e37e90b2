import yaml from 'js-yaml'
import { SCHEMA } from './yaml.ts'

/** Keys and indexes that lead from a document's root to a value. */
export type Path = readonly (string | number)[]

interface Spot {
  line: number
  kind: string | null
  result: unknown
  children: Spot[]
}

/** The reader's state as its listener sees it; js-yaml's types leave it open. */
interface State {
  line: number
  kind: string | null
  result: unknown
}

/**
 * Finds lines in one YAML or JSON document: the answer maps a path to the line of its value, counted from 0; for a path
 * that is not there, the line of the nearest parent that is.
 */
export function locate(source: string): (path: Path) => number {
  const root: Spot = { line: 0, kind: 'document', result: undefined, children: [] }
  const open: Spot[] = [root]
  const listener = (event: 'open' | 'close', state: State): void => {
    if (event === 'open') {
      open.push({ line: state.line, kind: null, result: undefined, children: [] })
      return
    }
    const spot = open.pop()
    if (!spot) return
    spot.kind = state.kind
    spot.result = state.result
    // A scalar that the reader first tried as the key of a mapping is announced inside itself.
    if (spot.kind === 'scalar' || spot.kind === null) spot.line = spot.children[0]?.line ?? spot.line
    open.at(-1)?.children.push(spot)
  }
  yaml.load(source, { schema: SCHEMA, json: true, maxDepth: 400, listener } as unknown as yaml.LoadOptions)
  const top = root.children[0] ?? root
  return (path) => {
    let spot = top
    for (const key of path) {
      const next = childAt(spot, key)
      if (!next) break
      spot = next
    }
    return spot.line
  }
}

function childAt(spot: Spot, key: string | number): Spot | undefined {
  if (spot.kind === 'sequence') return spot.children[Number(key)]
  if (spot.kind !== 'mapping') return undefined
  // Children alternate: key, value, key, value. The last of equal keys wins, as in the value.
  for (let index = spot.children.length - 2; index >= 0; index -= 2) {
    if (String(spot.children[index]?.result) === String(key)) return spot.children[index + 1]
  }
  return undefined
}
