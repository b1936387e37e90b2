import { scanDocument } from '../../src/discovery/scan.ts'
import type { Finding } from '../../src/finding.ts'
import { readEveryDocument } from '../../src/kubernetes/documents/document.ts'
import { patchDocument } from '../../src/seed/patch/patch-document.ts'
import { type EditOptions, podEdits } from '../../src/seed/patch/pod-edit.ts'

/** A text with the edits of all its workloads, and what was said of them. */
export function patched(text: string, options: EditOptions): { text: string; findings: Finding[]; changes: number } {
  const findings: Finding[] = []
  let changes = 0
  const sources = Array.from(readEveryDocument(text, 'a.yaml'), (document) => {
    if (document.form !== 'manifest') return document.source
    const result = patchDocument(document, scanDocument(document), (place) => podEdits(place, options))
    findings.push(...result.findings)
    changes += result.changes
    return result.source
  })
  return { text: sources.join(''), findings, changes }
}
