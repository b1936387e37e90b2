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

/** What rules say about one resource: the images, and the paths about which nothing else has a say. */
interface RuleResult {
  readonly candidates: readonly ImageCandidate[]
  readonly claimed: readonly Path[]
}

/** Applies the rules for a resource's kind to it. */
export function applyRules(rules: readonly FieldRule[], resource: Resource, layer: 'knownField' | 'rule'): RuleResult {
  const candidates: ImageCandidate[] = []
  const claimed: Path[] = []
  for (const rule of rules) {
    if (rule.kind !== resource.kind || (rule.group !== undefined && rule.group !== groupOf(resource.apiVersion)))
      continue
    for (const path of matchPath(resource.value, parsePath(rule.path))) {
      const image = rule.ignore ? undefined : imageAt(rule, resource.value, path)
      if (image) candidates.push(candidateFor(rule, image, layer))
      if (image || rule.ignore) claimed.push(image?.path ?? path)
    }
  }
  return { candidates, claimed }
}

interface ImageAt {
  readonly reference: string
  readonly path: Path
}

function imageAt(
  { parts, where = {}, prefix = '', isWhole }: FieldRule,
  root: unknown,
  path: Path,
): ImageAt | undefined {
  const value = valueAt(root, path)
  for (const [key, wanted] of Object.entries(where)) if (!isObject(value) || value[key] !== wanted) return undefined
  if (parts) {
    const composed = composedAt(parts, root, path)
    return isWhole && composed && !hasVersion(composed.reference) ? undefined : composed
  }
  if (typeof value !== 'string' || !value.startsWith(prefix)) return undefined
  const reference = value.slice(prefix.length)
  return findReference(reference) ? { reference, path } : undefined
}

function composedAt(parts: NonNullable<FieldRule['parts']>, root: unknown, path: Path): ImageAt | undefined {
  const read = (name: PartName): { text: string; path: Path } | undefined => {
    for (const from of parts[name]?.split('|') ?? []) {
      const at: Path = from.startsWith('$.') ? parsePath(from.slice(2)) : [...path, ...parsePath(from)]
      const value = valueAt(root, at)
      if ((typeof value === 'string' || typeof value === 'number') && value !== '')
        return { text: String(value), path: at }
    }
    return undefined
  }
  const repository = read('repository')
  const base = repository && findReference(repository.text)
  if (!repository || !base) return undefined
  const isComplete = base.tag !== undefined || base.digest !== undefined
  const [registry, tag, digest] = [read('registry'), read('tag'), read('digest')]
  const name = registry ? `${registry.text.replace(/\/$/, '')}/${repository.text}` : repository.text
  const reference = isComplete ? name : `${name}${tag ? tagText(tag.text) : ''}${digest ? `@${digest.text}` : ''}`
  return findReference(reference) ? { reference, path: repository.path } : undefined
}

function candidateFor({ parts, path }: FieldRule, image: ImageAt, layer: 'knownField' | 'rule'): ImageCandidate {
  const composed = parts ? `, ${Object.values(parts).join(' + ')}` : ''
  const source = layer === 'rule' ? 'your rule' : 'known field'
  return {
    ...image,
    textLine: undefined,
    layer,
    confidence: 'certain',
    why: `${source} ${path}${composed}`,
    container: undefined,
    policy: undefined,
  }
}
