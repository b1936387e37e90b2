import type { Path } from '../../kubernetes/documents/path.ts'
import { describesImage, type KeyRole, readKey } from '../classify/key.ts'
import { hasPlaceholder } from '../classify/placeholders.ts'

/** What is no image without a repository: values that lie over those of a chart mostly say just these. */
const PARTS: ReadonlySet<KeyRole> = new Set(['tag', 'version', 'digest', 'registry'])
/** Beside which another key says which image it is. */
const WHOLE: ReadonlySet<KeyRole> = new Set(['repository', 'name', 'image'])

interface Place {
  readonly value: unknown
  readonly path: Path
  /** Whether its key says that it describes one image. */
  readonly isImage: boolean
}

/**
 * The first key of a document that says a part of an image, such as `image: {tag: "2.0"}` or `imageTag: "2.0"`, where
 * nothing of `found` was made of it: the repository stands elsewhere.
 */
export function openImagePart(root: unknown, found: readonly { readonly path: Path }[]): Path | undefined {
  const used = new Set(found.flatMap(({ path }) => path.map((_, end) => JSON.stringify(path.slice(0, end)))))
  const seen = new Set<unknown>()
  const waiting: Place[] = [{ value: root, path: [], isImage: false }]
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    const { value, path, isImage } = place
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    const isList = Array.isArray(value)
    const part = isList ? undefined : partIn(Object.entries(value), isImage)
    // What is said for all images has been put into those that were found.
    const isForAll = part !== undefined && (path[0] === 'global' || readKey(part).role === 'registry')
    if (part !== undefined && !used.has(JSON.stringify(path)) && !(isForAll && found.length > 0)) return [...path, part]
    for (const [key, child] of Object.entries(value).toReversed()) {
      if (typeof child !== 'object') continue
      const at = [...path, isList ? Number(key) : key]
      waiting.push({ value: child, path: at, isImage: isList ? isImage : describesImage(key) })
    }
  }
  return undefined
}

function partIn(entries: readonly (readonly [key: string, value: unknown])[], isImage: boolean): string | undefined {
  const said = entries.filter(([, value]) => typeof value === 'number' || (typeof value === 'string' && value !== ''))
  const keys = said.map(([name, value]) => ({ name, value, ...readKey(name) }))
  if (isImage && keys.some(({ role, stem }) => WHOLE.has(role) && stem === '')) return undefined
  // What a pipeline computes for what it builds is no value of a chart: `IMAGE_TAG: $CI_COMMIT_SHA`.
  const isSaid = (value: unknown) => typeof value === 'number' || !hasPlaceholder(String(value))
  return keys.find(
    ({ role, stem, ofImage, value }) => PARTS.has(role) && ((ofImage && isSaid(value)) || (isImage && stem === '')),
  )?.name
}
