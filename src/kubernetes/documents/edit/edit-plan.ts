import { type Alias, isAlias, isMap, isScalar, type YAMLMap } from 'yaml'
import { valueAt } from '../path.ts'
import type { Edit, MapChange } from './edited-value.ts'
import { changeMap } from './map-splices.ts'
import { insertPair } from './new-pair.ts'
import { isJsonIn, textFor, textLike } from './scalar-text.ts'
import type { Splice } from './splice.ts'
import { aliasesOf, type Chain, chainTo, isOverridden, pairOf, type Tree } from './tree.ts'

/** How one edit is made in the text; a text says why it cannot be. */
export type EditPlan = readonly Splice[] | string

const SHARED = 'an alias shares this part with others'

interface Draft {
  readonly chain: Chain
  readonly plan: EditPlan
  /** The alias that gives way to what it stood for. */
  readonly replaced?: Alias | undefined
}

/**
 * What to change in a text so that its document has the values of each edit, and nothing else moves: comments, order,
 * quoting and line ends stay. `value` is what the text says.
 */
export function planEdits(text: string, tree: Tree, value: unknown, edits: readonly Edit[]): EditPlan[] {
  const drafts = edits.map((edit) => draftOf(text, tree, value, edit))
  if (!text.includes('&')) return drafts.map(({ plan }) => plan)
  const aliases = aliasesOf(tree)
  for (const { replaced } of drafts) if (replaced) aliases.get(replaced.source)?.delete(replaced)
  const isShared = (node: unknown): boolean =>
    typeof node === 'object' && node !== null && 'anchor' in node && Boolean(aliases.get(String(node.anchor))?.size)
  return drafts.map(({ chain, plan }) => (chain.some(isShared) ? SHARED : plan))
}

function draftOf(text: string, tree: Tree, value: unknown, { path, value: wanted }: Edit): Draft {
  const chain = chainTo(tree, path)
  const [above, node] = chain.slice(-2)
  const key = String(path.at(-1))
  if (chain.slice(0, -1).some(isAlias)) return { chain, plan: SHARED }
  if (!isMap(above)) return { chain, plan: 'a merge key brings this part from elsewhere' }
  const pair = pairOf(above, key)
  if (pair && isOverridden(tree, above, pair)) return { chain, plan: `a merge key below ${key} overrides it` }
  const present = valueAt(value, path)
  const replaced = isAlias(node) ? node : undefined
  const plan =
    typeof wanted === 'string'
      ? setText(text, above, node, key, wanted)
      : setMap(text, above, node, { key, present, change: wanted })
  return { chain, plan, replaced }
}

function setText(text: string, above: YAMLMap, node: unknown, key: string, value: string): EditPlan {
  if (node === undefined) return insertPair(text, above, key, value) ?? noPlace(key)
  if (!isScalar(node) && !isAlias(node)) return `${key} is no text`
  if (isTaggedOtherThan('str', node)) return tagged(key)
  const keepsQuotes = isScalar(node) && node.value !== null
  return replaceNode(text, node, keepsQuotes ? textLike(node, value) : textFor(value, isJsonIn(text, above)))
}

function setMap(
  text: string,
  above: YAMLMap,
  node: unknown,
  { key, present, change }: { key: string; present: unknown; change: MapChange },
): EditPlan {
  if (isTaggedOtherThan('map', node)) return tagged(key)
  if (isMap(node)) return changeMap(text, node, present, change) ?? noPlace(key)
  if (node !== undefined && !isAlias(node) && !(isScalar(node) && node.value === null)) return `${key} is no map`
  const kept = Object.entries(typeof present === 'object' && present !== null ? present : {})
  const entries = [...kept.filter(([name]) => !change.drop.includes(name)), ...Object.entries(change.set)]
  if (entries.some(([, entry]) => typeof entry !== 'string')) return `${key} holds what is no text`
  const whole = Object.fromEntries(entries) as Record<string, string>
  if (node === undefined) return insertPair(text, above, key, whole) ?? noPlace(key)
  return replaceNode(text, node, textFor(whole, isJsonIn(text, above)))
}

function replaceNode(text: string, { range }: { range?: [number, number, number] | null | undefined }, insert: string) {
  if (!range) return 'nobody knows where it stands'
  const [start, end] = range
  if (start === end) return [{ start, end, insert: ` ${insert}` }]
  // A block scalar ends with the line break behind it.
  const last = start + text.slice(start, end).trimEnd().length
  return [{ start, end: last, insert }]
}

/** A tag stands before what is replaced, and would be the tag of what takes its place. */
function isTaggedOtherThan(type: 'map' | 'str', node: unknown): boolean {
  const { tag } = (isMap(node) || isScalar(node) ? node : {}) as { tag?: string }
  return tag !== undefined && tag !== `tag:yaml.org,2002:${type}`
}

function tagged(key: string): string {
  return `${key} has a tag of another type`
}

function noPlace(key: string): string {
  return `there is no place for ${key}`
}
