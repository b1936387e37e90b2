import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { type FailOn, fails, VERDICT_WORDS } from './severity.ts'

/** The audit as a JUnit report: a test case for each workload, failed from `failOn` on. */
export function auditJunit({ workloads, nodeClasses, fixesOf }: AuditResult, failOn: FailOn): string {
  const failures = workloads.filter(({ verdict }) => fails(verdict, failOn)).length
  const cases = workloads.map((audited) => {
    const { resource } = audited.workload
    const place = `classname="${escapeXml(resource.document.file)}" name="${escapeXml(nameOfResource(resource))}"`
    const lines = [...reasonsOf(audited, nodeClasses), ...fixesOf(audited).map(({ message }) => `fix: ${message}`)]
    const said = escapeXml(lines.join('\n'))
    const words = VERDICT_WORDS[audited.verdict]
    if (fails(audited.verdict, failOn)) {
      return `  <testcase ${place}>\n    <failure message="${words}" type="${audited.verdict}">${said}</failure>\n  </testcase>`
    }
    if (audited.verdict === 'safe') return `  <testcase ${place}/>`
    return `  <testcase ${place}>\n    <system-out>${words}\n${said}</system-out>\n  </testcase>`
  })
  const head = `<testsuite name="nodeseed audit" tests="${workloads.length}" failures="${failures}" errors="0" skipped="0">`
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...cases, '</testsuite>', ''].join('\n')
}

/** Escapes markup, and replaces what XML 1.0 cannot hold at all. */
function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}
