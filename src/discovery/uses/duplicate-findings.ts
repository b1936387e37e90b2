import { type Finding, finding } from '../../finding.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import { duplicateKeysIn } from '../../kubernetes/documents/duplicate-keys.ts'

/** What is said of keys that a map of a document has twice, where what stands under the first is about an image. */
export function duplicateFindings({
  file,
  line: begins,
  source,
  hasUniqueKeys = false,
}: Pick<Document, 'file' | 'line' | 'source' | 'hasUniqueKeys'>): Finding[] {
  if (hasUniqueKeys || !/image/i.test(source)) return []
  const lost = duplicateKeysIn(source).filter((one) => /image/i.test(one.lost))
  return lost.map(({ key, line, firstLine }) => {
    const lines = firstLine === line ? `line ${begins + line}` : `lines ${begins + firstLine} and ${begins + line}`
    const message = `${file}: the key ${key} stands twice in one map, ${lines}: the last counts, the first is left out`
    const hint = 'Join the two, or take one away; kubectl apply refuses such a manifest unless told otherwise.'
    return finding('KEY_TWICE', message, { hint, file, line: begins + firstLine })
  })
}
