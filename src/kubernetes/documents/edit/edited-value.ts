import type { Path } from '../path.ts'

/** Texts to be set in a map, and keys to be taken out of it. A map that is not there, or null, is made. */
export interface MapChange {
  readonly set: Readonly<Record<string, string>>
  readonly drop: readonly string[]
}

/** What is to stand at a path of a document: a text, or a map with these changes. */
export interface Edit {
  readonly path: Path
  readonly value: string | MapChange
}

interface Branch {
  readonly inside: Map<string | number, Branch>
  edit?: Edit['value']
}

/** A value with edits made, where no part of it is shared with another: an alias elsewhere keeps what it had. */
export function editedValue(root: unknown, edits: readonly Edit[]): unknown {
  const all: Branch = { inside: new Map() }
  for (const { path, value } of edits) {
    let branch = all
    for (const key of path) {
      const next = branch.inside.get(key) ?? { inside: new Map() }
      branch.inside.set(key, next)
      branch = next
    }
    branch.edit = value
  }
  return edited(root, all)
}

function edited(value: unknown, { inside, edit }: Branch): unknown {
  if (typeof edit === 'string') return edit
  if (edit) return changedMap(value, edit)
  const copy: Record<string | number, unknown> | unknown[] = Array.isArray(value)
    ? [...value]
    : { ...(value as object) }
  for (const [key, branch] of inside) {
    const at = key as keyof typeof copy
    copy[at] = edited(copy[at], branch) as never
  }
  return copy
}

/** A map of texts with a change made. */
export function changedMap(map: unknown, { set, drop }: MapChange): Record<string, unknown> {
  const kept = Object.entries(typeof map === 'object' && map !== null ? map : {}).filter(([key]) => !drop.includes(key))
  return Object.fromEntries([...kept, ...Object.entries(set)])
}
