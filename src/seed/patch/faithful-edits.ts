import { isDeepStrictEqual } from 'node:util'
import { type Document, readEveryDocument } from '../../kubernetes/documents/document.ts'
import { editedValue } from '../../kubernetes/documents/edit/edited-value.ts'
import { applySplices, type Splice } from '../../kubernetes/documents/edit/splice.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import type { PodPlace } from '../../kubernetes/places/pod-places.ts'
import type { PodEdit } from './pod-edit.ts'

/** An edit of a workload, its path from the document's root. */
export interface PlacedEdit extends PodEdit {
  readonly place: PodPlace
}

/** An edit, and how it is made in the text. */
export interface PlannedEdit extends PlacedEdit {
  readonly splices: readonly Splice[]
}

/** How often a document is read again to find the edits at fault: each time costs as much as the document is long. */
const MAX_ATTEMPTS = 32

/** The edits which, made together, give exactly the values that they should. */
export function faithfulEdits(document: Document, edits: readonly PlannedEdit[]): readonly PlannedEdit[] {
  const attempt = { left: MAX_ATTEMPTS }
  return faithful(document, edits, attempt)
}

function faithful(
  document: Document,
  edits: readonly PlannedEdit[],
  attempt: { left: number },
): readonly PlannedEdit[] {
  if (edits.length === 0) return edits
  if (attempt.left-- <= 0) return []
  const after = readAgain(document, edits)
  if (after !== undefined) {
    const expected = editedValue(document.value, edits)
    if (isDeepStrictEqual(after, expected)) return edits
    const right = edits.filter(({ place: { resource } }) =>
      isDeepStrictEqual(valueAt(after, resource.path), valueAt(expected, resource.path)),
    )
    if (right.length < edits.length && right.length > 0) return faithful(document, right, attempt)
  }
  if (edits.length === 1) return []
  const middle = Math.floor(edits.length / 2)
  const first = faithful(document, edits.slice(0, middle), attempt)
  const second = faithful(document, edits.slice(middle), attempt)
  if (first.length === 0 || second.length === 0) return [...first, ...second]
  const both = [...first, ...second]
  return attempt.left-- > 0 && isFaithful(document, both) ? both : first
}

function isFaithful(document: Document, edits: readonly PlannedEdit[]): boolean {
  const after = readAgain(document, edits)
  return after !== undefined && isDeepStrictEqual(after, editedValue(document.value, edits))
}

/** What the edited text says; undefined where it is no longer one document. */
function readAgain({ source }: Document, edits: readonly PlannedEdit[]): unknown {
  const text = textWith(source, edits)
  const [after, ...others] = readEveryDocument(text, '')
  // Where the text ends otherwise than before, the next document of the file might become a part of it.
  const endsAlike = text.endsWith('\n') === source.endsWith('\n')
  return endsAlike && others.length === 0 && after?.form === 'manifest' ? after.value : undefined
}

/** The text with all of the edits made. */
export function textWith(source: string, edits: readonly PlannedEdit[]): string {
  return applySplices(
    source,
    edits.flatMap(({ splices }) => splices),
  )
}
