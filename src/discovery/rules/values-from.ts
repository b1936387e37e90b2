import type { Path } from '../../kubernetes/documents/path.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { parsePath } from './path-pattern.ts'

/** A text or number of a resource, and where it stands. */
export interface ValueFrom {
  readonly text: string
  readonly path: Path
}

/**
 * The first text or number that one of `a|b` leads to, from the value at `path`; from the root with `$.` before. An
 * empty way is the value itself.
 */
export function valueFrom(ways: string, root: unknown, path: Path): ValueFrom | undefined {
  for (const way of ways.split('|')) {
    const at = pathOf(way, path)
    const value = valueAt(root, at)
    if ((typeof value === 'string' || typeof value === 'number') && value !== '')
      return { text: String(value), path: at }
  }
  return undefined
}

/** Whether something other than an empty text stands where one of `a|b` leads. */
export function isSet(ways: string, root: unknown, path: Path): boolean {
  return ways.split('|').some((way) => {
    const value = valueAt(root, pathOf(way, path))
    return value !== undefined && value !== null && value !== ''
  })
}

function pathOf(way: string, path: Path): Path {
  return way.startsWith('$.') ? parsePath(way.slice(2)) : [...path, ...parsePath(way)]
}

const BRACES = /\{([^{}]*?)(?::-([^{}]*))?\}/g

/** A template with each pair of braces filled in, and the places that it was filled from; undefined where a value lacks. */
export function fillTemplate(
  template: string,
  root: unknown,
  path: Path,
): { readonly text: string; readonly from: readonly Path[] } | undefined {
  const from: Path[] = []
  let isOpen = false
  const text = template.replace(BRACES, (_, ways: string, otherwise: string | undefined) => {
    const found = valueFrom(ways, root, path)
    if (found) from.push(found.path)
    if (!found && otherwise === undefined) isOpen = true
    return found?.text.replace(/\/$/, '') ?? otherwise ?? ''
  })
  // A tag cannot hold the plus of a version.
  return isOpen ? undefined : { text: text.replaceAll('+', '-'), from }
}
