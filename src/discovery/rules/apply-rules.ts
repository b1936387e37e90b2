import type { Path } from '../../kubernetes/documents/path.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { findReference } from '../../oci/reference.ts'
import { groupOf } from '../classify/exclusions.ts'
import { hasVersion } from '../classify/reference-likelihood.ts'
import { tagText } from '../compose/compose-reference.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'
import type { FieldRule, PartName } from './field-rule.ts'
import { matchPath, parsePath } from './path-pattern.ts'
import { fillTemplate, isSet, valueFrom } from './values-from.ts'

/** What rules say about one resource: the images, and the paths about which nothing else has a say. */
export interface RuleResult {
  readonly candidates: readonly ImageCandidate[]
  readonly claimed: readonly Path[]
}

/** Applies the rules for a resource's kind to it; `note` is told of those whose field it has. */
export function applyRules(
  rules: readonly FieldRule[],
  resource: Pick<Resource, 'apiVersion' | 'kind' | 'value'>,
  layer: 'knownField' | 'rule',
  note?: (rule: FieldRule) => void,
): RuleResult {
  const candidates: ImageCandidate[] = []
  const claimed: Path[] = []
  for (const rule of rulesOf(resource.kind, rules)) {
    if (rule.group !== undefined && rule.group !== groupOf(resource.apiVersion)) continue
    for (const path of matchPath(resource.value, parsePath(rule.path))) {
      note?.(rule)
      const image = rule.ignore ? undefined : imageAt(rule, resource.value, path)
      if (image) candidates.push(candidateFor(rule, image, resource.kind, layer))
      if (image || rule.ignore) claimed.push(...(image?.from ?? [path]))
    }
  }
  return { candidates, claimed }
}

/** Most resources have no rule, so those of a kind are looked up. */
const byKind = new WeakMap<readonly FieldRule[], ReadonlyMap<string, readonly FieldRule[]>>()

function rulesOf(kind: string, rules: readonly FieldRule[]): readonly FieldRule[] {
  let known = byKind.get(rules)
  if (!known) {
    known = Map.groupBy(rules, (rule) => rule.kind)
    byKind.set(rules, known)
  }
  return known.get(kind) ?? []
}

interface ImageAt {
  readonly reference: string
  readonly path: Path
  /** What the reference was made of. */
  readonly from: readonly Path[]
}

function imageAt(rule: FieldRule, root: unknown, path: Path): ImageAt | undefined {
  const { parts, where = {}, prefix = '', isWhole, image, unless, matches } = rule
  const value = valueAt(root, path)
  for (const [key, wanted] of Object.entries(where)) {
    if (!isObject(value) || String(value[key]) !== wanted) return undefined
  }
  if (unless !== undefined && isSet(unless, root, path)) return undefined
  if (matches && !matches.test(String(value))) return undefined
  if (image !== undefined) return templateAt(image, root, path)
  if (parts) {
    const composed = composedAt(parts, root, path)
    return isWhole && composed && !hasVersion(composed.reference) ? undefined : composed
  }
  if (typeof value !== 'string' || !value.startsWith(prefix)) return undefined
  const reference = value.slice(prefix.length)
  return findReference(reference) ? { reference, path, from: [path] } : undefined
}

function templateAt(template: string, root: unknown, path: Path): ImageAt | undefined {
  const filled = fillTemplate(template, root, path)
  if (!filled || !findReference(filled.text)) return undefined
  // The version is what people look for, and it stands last.
  return { reference: filled.text, path: filled.from.at(-1) ?? path, from: filled.from }
}

function composedAt(parts: NonNullable<FieldRule['parts']>, root: unknown, path: Path): ImageAt | undefined {
  const read = (name: PartName) => (parts[name] === undefined ? undefined : valueFrom(parts[name], root, path))
  const repository = read('repository')
  const base = repository && findReference(repository.text)
  if (!repository || !base) return undefined
  const isComplete = base.tag !== undefined || base.digest !== undefined
  const [registry, tag, digest] = [read('registry'), read('tag'), read('digest')]
  const name = registry ? `${registry.text.replace(/\/$/, '')}/${repository.text}` : repository.text
  const reference = isComplete ? name : `${name}${tag ? tagText(tag.text) : ''}${digest ? `@${digest.text}` : ''}`
  return findReference(reference) ? { reference, path: repository.path, from: [repository.path] } : undefined
}

function candidateFor(
  { parts, path, image: template }: FieldRule,
  { reference, path: at }: ImageAt,
  kind: string,
  layer: 'knownField' | 'rule',
): ImageCandidate {
  const isConvention = template !== undefined && layer === 'knownField'
  const composed = parts ? `, ${Object.values(parts).join(' + ')}` : ''
  const source = layer === 'rule' ? 'your rule' : 'known field'
  return {
    ...{ reference, path: at, textLine: undefined, layer },
    confidence: isConvention ? 'likely' : 'certain',
    why: isConvention ? `version of a ${kind}, by the convention of its operator` : `${source} ${path}${composed}`,
    container: undefined,
    policy: undefined,
  }
}
