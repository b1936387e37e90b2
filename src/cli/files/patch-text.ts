import { isDeepStrictEqual } from 'node:util'
import { scanDocument } from '../../discovery/scan.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { applySplices, parseTrees, type Splice, splicesFor, type TextEdit } from '../../kubernetes/documents/splice.ts'
import { nameOfResource, type Resource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'

/** A text with the edits of its workloads, and what could not be edited. */
export interface PatchedText {
  readonly text: string
  /** Values that were set. */
  readonly changes: number
  readonly findings: readonly Finding[]
}

/**
 * Rewrites the workloads of one YAML or JSON text in place. The new text is read again: a workload whose values are not
 * exactly the old ones with the edits stays as it was, and is a finding.
 */
export function patchText(
  { text, file, line: firstLine = 1 }: { text: string; file: string; line?: number },
  editsOf: (workload: Workload) => readonly TextEdit[],
): PatchedText {
  const findings: Finding[] = []
  const splices: Splice[] = []
  let changes = 0
  for (const tree of parseTrees(text)) {
    const line = firstLine - 1 + text.slice(0, tree.range[0]).split('\n').length
    const [problem] = tree.errors
    if (problem) {
      findings.push(finding('DOCUMENT_UNREADABLE', `not readable: ${problem.message.split('\n')[0]}`, { file, line }))
      continue
    }
    const value: unknown = tree.toJS({ maxAliasCount: 1000 })
    const source = text.slice(tree.range[0], tree.range[2])
    const document: Document = { file, line, value, source, lineOf: () => line, textLineOf: () => line }
    const { workloads, uses } = scanDocument(document)
    findings.push(...outOfReach(uses, workloads, file, line))
    for (const workload of workloads) {
      const edits = editsOf(workload).map(({ path, value }) => ({ path: [...workload.resource.path, ...path], value }))
      if (edits.length === 0) continue
      const found = splicesFor(text, tree, edits)
      const why = typeof found === 'string' ? found : refusal(text, found, tree.range[0], document, edits)
      if (why) findings.push(notPatchable(workload.resource, why))
      else {
        splices.push(...(found as Splice[]))
        changes += edits.length
      }
    }
  }
  return { text: applySplices(text, splices), changes, findings }
}

/** Why the edited text would not say what it should; undefined when it does. */
function refusal(
  text: string,
  splices: readonly Splice[],
  offset: number,
  { value }: Document,
  edits: readonly TextEdit[],
): string | undefined {
  const after = parseTrees(applySplices(text, splices)).find((tree) => tree.range[0] === offset)
  const expected = structuredClone(value) as Record<string, unknown>
  for (const edit of edits) setAt(expected, edit)
  if (after && after.errors.length === 0 && isDeepStrictEqual(after.toJS({ maxAliasCount: 1000 }), expected))
    return undefined
  return 'its form is not one that can be edited in place'
}

function setAt(root: Record<string, unknown>, { path, value }: TextEdit): void {
  const parent = path.slice(0, -1)
  const above = valueAt(root, parent.slice(0, -1)) as Record<string | number, unknown>
  const key = parent.at(-1) ?? ''
  above[key] ??= {}
  ;(above[key] as Record<string | number, unknown>)[path.at(-1) ?? ''] = value
}

/** Custom resources whose images were found, but whose pods an operator makes. */
function outOfReach(
  uses: ReturnType<typeof scanDocument>['uses'],
  workloads: readonly Workload[],
  file: string,
  line: number,
): Finding[] {
  const known = new Set(workloads.map(({ resource }) => nameOfResource(resource)))
  const others = new Set(uses.map(({ workload }) => nameOfResource(workload)).filter((name) => !known.has(name)))
  return [...others].map((name) => {
    const message = `${name}: a custom resource, whose pods an operator makes: left as it is`
    const hint = "Set nodeSelector and pull policy in the operator's own fields, if it has any."
    return finding('NOT_PATCHABLE', message, { hint, file, line })
  })
}

function notPatchable(resource: Resource, why: string): Finding {
  const { file, line } = resource.document
  const message = `${nameOfResource(resource)}: left as it is: ${why}`
  return finding('NOT_PATCHABLE', message, { hint: 'Write the patches beside it instead: --output DIR.', file, line })
}
