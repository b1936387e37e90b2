import { isDeepStrictEqual } from 'node:util'
import { type Finding, finding } from '../../finding.ts'
import { type Document, readEveryDocument } from '../../kubernetes/documents/document.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { applySplices, parseTrees, type Splice, splicesFor, type TextEdit } from '../../kubernetes/documents/splice.ts'
import { nameOfResource, type Resource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'

/** A document's text with the edits of its workloads, and what could not be edited. */
export interface PatchedDocument {
  readonly source: string
  /** Values that were set. */
  readonly changes: number
  readonly findings: readonly Finding[]
}

/** What a scan of the document found in it. */
interface Scanned {
  readonly workloads: readonly Workload[]
  readonly uses: readonly { readonly workload: Pick<Resource, 'kind' | 'namespace' | 'name'> }[]
}

interface EditedWorkload {
  readonly resource: Resource
  /** From the document's root. */
  readonly edits: readonly TextEdit[]
  readonly splices: readonly Splice[]
}

const UNEDITABLE_FORM = 'its form is not one that can be edited in place'

/**
 * Rewrites the workloads of one YAML or JSON document in its own text. The new text is read again: workloads whose
 * values are not exactly the old ones with the edits stay as they were, and are findings.
 */
export function patchDocument(
  document: Document,
  { workloads, uses }: Scanned,
  editsOf: (workload: Workload) => readonly TextEdit[],
): PatchedDocument {
  const { source } = document
  const findings = outOfReach(document, uses, workloads)
  const wanted = workloads.flatMap((workload) => {
    const { resource } = workload
    const edits = editsOf(workload).map(({ path, value }) => ({ path: [...resource.path, ...path], value }))
    return edits.length === 0 ? [] : [{ resource, edits }]
  })
  if (wanted.length === 0) return { source, changes: 0, findings }
  const [tree, ...others] = parseTrees(source)
  const isEditable = tree !== undefined && others.length === 0 && tree.errors.length === 0
  const edited: EditedWorkload[] = []
  const problems = new Map<Resource, string>()
  for (const { resource, edits } of wanted) {
    const splices = isEditable ? splicesFor(source, tree, edits) : UNEDITABLE_FORM
    if (typeof splices === 'string') problems.set(resource, splices)
    else edited.push({ resource, edits, splices })
  }
  const kept = faithful(document, edited)
  for (const { resource } of edited) problems.set(resource, UNEDITABLE_FORM)
  for (const { resource } of kept) problems.delete(resource)
  for (const { resource } of wanted) {
    const why = problems.get(resource)
    if (why !== undefined) findings.push(notPatchable(resource, why))
  }
  return {
    source: textWith(source, kept),
    changes: kept.reduce((sum, { edits }) => sum + edits.length, 0),
    findings,
  }
}

/** The workloads whose edits, made together, give exactly the values that they should. */
function faithful(document: Document, edited: readonly EditedWorkload[]): readonly EditedWorkload[] {
  if (isFaithful(document, edited)) return edited
  if (edited.length === 1) return []
  const middle = Math.floor(edited.length / 2)
  const first = faithful(document, edited.slice(0, middle))
  const both = [...first, ...faithful(document, edited.slice(middle))]
  return isFaithful(document, both) ? both : first
}

function isFaithful({ source, value }: Document, edited: readonly EditedWorkload[]): boolean {
  if (edited.length === 0) return true
  const text = textWith(source, edited)
  const [after, ...others] = readEveryDocument(text, '')
  const expected = structuredClone(value) as Record<string, unknown>
  for (const { edits } of edited) for (const edit of edits) setAt(expected, edit)
  // Where the text ends otherwise than before, the next document of the file might become a part of it.
  const endsAlike = text.endsWith('\n') === source.endsWith('\n')
  return endsAlike && others.length === 0 && after?.form === 'manifest' && isDeepStrictEqual(after.value, expected)
}

function textWith(source: string, edited: readonly EditedWorkload[]): string {
  return applySplices(
    source,
    edited.flatMap(({ splices }) => splices),
  )
}

function setAt(root: Record<string, unknown>, { path, value }: TextEdit): void {
  const parent = path.slice(0, -1)
  const above = valueAt(root, parent.slice(0, -1)) as Record<string | number, unknown>
  const key = parent.at(-1) ?? ''
  above[key] ??= {}
  ;(above[key] as Record<string | number, unknown>)[path.at(-1) ?? ''] = value
}

/** Custom resources whose images were found, but whose pods an operator makes. */
function outOfReach(document: Document, uses: Scanned['uses'], workloads: readonly Workload[]): Finding[] {
  const known = new Set(workloads.map(({ resource }) => nameOfResource(resource)))
  const named = uses.filter(({ workload }) => workload.kind !== '').map(({ workload }) => nameOfResource(workload))
  const others = new Set(named.filter((name) => !known.has(name)))
  return Array.from(others, (name) => {
    const message = `${name}: a custom resource, whose pods an operator makes: left as it is`
    const hint = "Set nodeSelector and pull policy in the operator's own fields, if it has any."
    return finding('NOT_PATCHABLE', message, { hint, ...placeOf(document) })
  })
}

function notPatchable(resource: Resource, why: string): Finding {
  const message = `${nameOfResource(resource)}: left as it is: ${why}`
  const hint = 'Write the patches beside it instead: --output DIR.'
  return finding('NOT_PATCHABLE', message, { hint, ...placeOf(resource.document) })
}

/** Where the document's content begins, below its mark and its comments. */
function placeOf({ file, lineOf }: Document): { file: string; line: number } {
  return { file, line: lineOf([]) }
}
