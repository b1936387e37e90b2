/** What a token is to open: `repository:team/web:pull,push`. Source: distribution, scope.md. */
export type Scope = string

/** One scope for each resource, with every action that is named for it, in the order in which they come. */
export function mergeScopes(scopes: readonly Scope[]): Scope[] {
  const actions = new Map<string, Set<string>>()
  for (const scope of scopes) {
    const end = scope.lastIndexOf(':')
    if (end < 0) continue
    const known = actions.get(scope.slice(0, end)) ?? new Set()
    actions.set(scope.slice(0, end), known)
    for (const action of scope.slice(end + 1).split(',')) known.add(action)
  }
  return [...actions].map(([resource, named]) => `${resource}:${[...named].join(',')}`)
}
