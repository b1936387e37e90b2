import type { Finding } from '../../finding.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import { type EditPlan, planEdits } from '../../kubernetes/documents/edit/edit-plan.ts'
import { parseTree } from '../../kubernetes/documents/edit/tree.ts'
import type { PodPlace } from '../../kubernetes/places/pod-places.ts'
import { faithfulEdits, type PlacedEdit, type PlannedEdit, textWith } from './faithful-edits.ts'
import { byShape, leftAsTheyAre } from './patch-findings.ts'
import type { PodEdit, PodEdits } from './pod-edit.ts'
import { type ScannedDocument, wantedEdits } from './wanted-edits.ts'

/** A document's text with the edits of its workloads, and what could not be edited. */
export interface PatchedDocument {
  readonly source: string
  /** Values that were set. */
  readonly changes: number
  readonly findings: readonly Finding[]
}

const UNEDITABLE_FORM = 'its form is not one that can be edited in place'

/**
 * Rewrites the workloads of one YAML or JSON document in its own text. The new text is read again: edits whose outcome
 * is not exactly the old value with the edit are not made, and are findings.
 */
export function patchDocument(
  document: Document,
  scanned: ScannedDocument,
  editsOf: (place: PodPlace) => PodEdits,
): PatchedDocument {
  const { source } = document
  const { places, findings } = wantedEdits(document, scanned, editsOf)
  const wanted = places.flatMap(({ place, edits }) =>
    edits.map((edit): PlacedEdit => ({ ...edit, path: [...place.resource.path, ...edit.path], place })),
  )
  if (wanted.length === 0) return { source, changes: 0, findings }
  const tree = parseTree(source)
  const plans = tree ? planEdits(source, tree, document.value, wanted) : wanted.map((): EditPlan => UNEDITABLE_FORM)
  const planned = wanted.flatMap((edit, index): PlannedEdit[] => {
    const splices = plans[index] ?? UNEDITABLE_FORM
    return typeof splices === 'string' ? [] : [{ ...edit, splices }]
  })
  const kept = faithfulEdits(document, planned)
  const made = new Set(kept.map(({ path }) => path))
  const problems = wanted.flatMap((edit, index) => {
    const plan = plans[index]
    return made.has(edit.path) ? [] : [{ ...edit, why: typeof plan === 'string' ? plan : UNEDITABLE_FORM }]
  })
  findings.push(...leftAsTheyAre(problems), ...byShape(kept))
  return {
    source: textWith(source, kept),
    changes: kept.reduce((sum, edit) => sum + countOf(edit), 0),
    findings,
  }
}

function countOf({ value }: PodEdit): number {
  if (typeof value === 'string') return 1
  return Math.max(Object.keys(value.set).length, value.drop.length)
}
