import type { Document } from '../../kubernetes/documents/document.ts'
import { readKey } from '../classify/key.ts'
import { type ImageCandidate, judge } from '../uses/image-candidate.ts'

/** `# IMAGE: ref`, `#   image: "ref"`, `# - --image=ref`: an assignment that is commented out, on a line of its own. */
const COMMENTED = /^\s*#+\s*(?:-\s+)?["']?-{0,2}([A-Za-z_][\w./-]*)["']?\s*[:=]\s*["']?([^\s"',;{}()<>`|\\]+)["']?\s*$/

/** The images that comments of a document name: defaults that an operator documents, alternatives, what was. */
export function imagesInComments({ source }: Pick<Document, 'source'>): ImageCandidate[] {
  return source.split('\n').flatMap((content, line): ImageCandidate[] => {
    const [, name, value] = content.includes('#') ? (COMMENTED.exec(content) ?? []) : []
    const image = name && value ? judge(readKey(name), value, { isLoose: true }) : undefined
    if (!image) return []
    const { reference } = image
    const why = `comment, key ${name}`
    const nowhere = { path: [], container: undefined, policy: undefined }
    return [{ ...nowhere, reference, textLine: line, layer: 'comment', confidence: 'possible', why }]
  })
}
