import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { type FailOn, fails, VERDICT_WORDS } from './severity.ts'

/** The audit as a JUnit report: a test case for each workload, failed from `failOn` on; not judged is as bad as unknown. */
export function auditJunit({ workloads, notJudged, nodeClasses, fixesOf }: AuditResult, failOn: FailOn): string {
  const failing = workloads.filter(({ verdict }) => fails(verdict, failOn)).length
  const failures = failing + (fails('unknown', failOn) ? notJudged.length : 0)
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
  const left = notJudged.map(({ file, images, why, ...resource }) => {
    const place = `classname="${escapeXml(file)}" name="${escapeXml(nameOfResource(resource))}"`
    const said = escapeXml(`${why}: ${images.join(', ')}`)
    const tag = fails('unknown', failOn)
      ? `<failure message="not judged" type="notJudged">${said}</failure>`
      : `<system-out>not judged\n${said}</system-out>`
    return `  <testcase ${place}>\n    ${tag}\n  </testcase>`
  })
  const head = `<testsuite name="nodeseed audit" tests="${workloads.length + left.length}" failures="${failures}" errors="0" skipped="0">`
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...cases, ...left, '</testsuite>', ''].join('\n')
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
