import type { UnreadableDocument } from '../../kubernetes/documents/document.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import { readKey } from '../classify/key.ts'
import { imagesInLines } from '../texts/text-lines.ts'
import type { ImageUse } from '../uses/image-use.ts'

/** What lines of a document say that cannot be read, such as a template: possible images, and of nothing known. */
export function usesInUnreadable({ file, source, firstLine }: UnreadableDocument): ImageUse[] {
  return imagesInLines(source, readKey('')).flatMap(({ reference, name, line }): ImageUse[] => {
    const parsed = findReference(reference)
    if (!parsed) return []
    return [
      {
        reference,
        image: criForm(parsed),
        policy: undefined,
        policyFrom: 'operator',
        workload: { apiVersion: '', kind: '', namespace: undefined, name: '' },
        container: undefined,
        path: [],
        file,
        line: firstLine + line,
        layer: 'config',
        confidence: 'possible',
        why: `key ${name}, in a document that cannot be read`,
      },
    ]
  })
}
