import type { Resource } from '../../kubernetes/objects/resource.ts'

/**
 * What made the documents of an input: `none` for files as they are; a chart, whose output is patched as it is; or a
 * kustomization, with what it puts around names after its components.
 */
export type Rendering = 'none' | 'chart' | { readonly prefix: string; readonly suffix: string }

/** What kustomize finds a resource by: regular expressions, for names as they are and as they were. */
export interface PatchTarget {
  readonly group?: string
  readonly version: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/**
 * The target of a patch. Without one, kustomize fails where it does not find the resource: that is wanted where the
 * output of a chart is patched, as another release has other names.
 */
export function targetOf(
  { apiVersion, kind, name, namespace }: Resource,
  rendering: Rendering,
  { isAlone, isNeeded }: { isAlone: boolean; isNeeded: boolean },
): PatchTarget | undefined {
  if (rendering === 'chart' && !isNeeded) return undefined
  const [version = '', group] = apiVersion.split('/').reverse()
  const names = typeof rendering === 'object' ? [name, ...withoutAffixes(name, rendering)] : [name]
  // Namespaces are compared as they were, too; but where a kustomization set them, nobody knows what they were.
  const isKnown = rendering === 'none' || !isAlone
  return {
    ...(group !== undefined && { group }),
    ...{ version, kind, name: names.map(literal).join('|') },
    ...(isKnown && { namespace: literal(namespace ?? 'default') }),
  }
}

function withoutAffixes(name: string, { prefix, suffix }: { prefix: string; suffix: string }): string[] {
  if (prefix + suffix === '' || !name.startsWith(prefix) || !name.endsWith(suffix)) return []
  const bare = name.slice(prefix.length, name.length - suffix.length)
  return bare === '' || name.length < prefix.length + suffix.length ? [] : [bare]
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
