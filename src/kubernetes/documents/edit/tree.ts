import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml'
import { findJson } from '../json.ts'
import type { Path } from '../path.ts'

export type Tree = Document.Parsed

/** The nodes on the way to a path: the root, then one for each key; undefined from where the text has no own node on. */
export type Chain = readonly unknown[]

/**
 * The one document of a text as a tree that knows where each value stands; undefined where the text holds several, or
 * what this reader, which is stricter than kubectl's, does not take.
 */
export function parseTree(text: string): Tree | undefined {
  // JSON may be indented by tabs, which YAML forbids. Inside of its strings no tab can stand, so none of a text is lost.
  const readable = text.includes('\t') && findJson(text) !== undefined ? text.replaceAll('\t', ' ') : text
  const trees = parseAllDocuments(readable, { uniqueKeys: false })
  const [tree, ...others] = Array.isArray(trees) ? trees : []
  return tree && others.length === 0 && tree.errors.length === 0 ? tree : undefined
}

/** Neither aliases nor merge keys are followed: what they bring stands elsewhere. */
export function chainTo(tree: Tree, path: Path): Chain {
  const chain: unknown[] = [tree.contents]
  for (const key of path) {
    const above = chain.at(-1)
    if (isMap(above)) chain.push(pairOf(above, String(key))?.value ?? undefined)
    else chain.push(isSeq(above) ? above.items[Number(key)] : undefined)
  }
  return chain
}

/** The pair of a key; the last one of equal keys, which is the one that counts. */
export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.findLast((item) => isScalar(item.key) && String(item.key.value) === key)
}

/** `<<`, where it merges. */
export function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.value === '<<' && (key.type === 'PLAIN' || key.type === undefined)
}

/** The last pair of a map that merges. kubectl lets it win over equal keys that stand above it. */
export function lastMerge(map: YAMLMap): Pair | undefined {
  return map.items.findLast(isMerge)
}

/** Whether a merge key that stands below a pair brings the same key. */
export function isOverridden(tree: Tree, map: YAMLMap, pair: Pair): boolean {
  const below = map.items.slice(map.items.indexOf(pair) + 1).filter(isMerge)
  const key = String((pair.key as Scalar).value)
  return below.some(({ value }) => brings(tree, value, key))
}

function brings(tree: Tree, source: unknown, key: string): boolean {
  const node = isAlias(source) ? source.resolve(tree) : source
  if (isSeq(node)) return node.items.some((item) => brings(tree, item, key))
  if (!isMap(node)) return false
  return pairOf(node, key) !== undefined || node.items.some((item) => isMerge(item) && brings(tree, item.value, key))
}

/** Every alias of a tree by the name of its anchor. */
export function aliasesOf(tree: Tree): Map<string, Set<Alias>> {
  const found = new Map<string, Set<Alias>>()
  visit(tree, {
    Alias(_, node) {
      found.set(node.source, (found.get(node.source) ?? new Set()).add(node))
    },
  })
  return found
}
