import { isObject, objectsOf, textsOf } from '../../objects/resource.ts'
import { appearancesOf, isSelected, type Matcher, mayBeIn } from './pod-matching.ts'
import { fitsWildcard } from './wildcard.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Whether what Gatekeeper matches may be a pod, or what makes it; without kinds it is everything.
 * Source: open-policy-agent.github.io/gatekeeper/website/docs/howto, the match field.
 */
export function gatekeeperMatch(said: unknown): Matcher {
  const match: Fields = isObject(said) ? said : {}
  const kinds = objectsOf(match.kinds as Fields[] | undefined)
  const inside = textsOf(match.namespaces)
  const outside = textsOf(match.excludedNamespaces)
  const isKind = (group: string, kind: string) =>
    !Array.isArray(match.kinds) || kinds.some((one) => has(one.apiGroups ?? one.groups, group) && has(one.kinds, kind))
  return (pod) => {
    const isIn = (patterns: readonly string[]) => patterns.some((pattern) => fitsWildcard(pattern, pod.namespace))
    if ((inside.length > 0 && !isIn(inside)) || isIn(outside) || match.scope === 'Cluster') return false
    return (
      mayBeIn(pod, match.namespaceSelector) &&
      appearancesOf(pod).some((one) => isKind(one.group, one.kind) && isSelected(match.labelSelector, one))
    )
  }
}

/** A list that is not there has everything. */
function has(list: unknown, word: string): boolean {
  return !Array.isArray(list) || list.some((one) => one === '*' || one === word)
}
