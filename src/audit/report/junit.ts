import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { idleReason } from '../findings/accounting.ts'
import { PRESENCE_WORDS, sayObstacles, sayUses } from '../named/named-words.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { type FailOn, fails, VERDICT_WORDS } from './severity.ts'
import { failsFor, sureImages } from './summary.ts'

/**
 * The audit as a JUnit report: a test case for each workload and for each image that is named outside of judged pods,
 * failed from `failOn` on; not judged is as bad as unknown.
 */
export function auditJunit(result: AuditResult, failOn: FailOn): string {
  const cases = [...workloadCases(result, failOn), ...leftOutCases(result, failOn), ...imageCases(result, failOn)]
  const failures = cases.filter(({ isFailure }) => isFailure).length
  const head = `<testsuite name="nodeseed audit" tests="${cases.length}" failures="${failures}" errors="0" skipped="0">`
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...cases.map(renderCase), '</testsuite>', ''].join('\n')
}

interface TestCase {
  readonly file: string
  readonly name: string
  readonly isFailure: boolean
  readonly type: string
  readonly words: string
  /** Empty where all is well. */
  readonly said: string
}

function workloadCases({ workloads, nodeClasses, fixesOf }: AuditResult, failOn: FailOn): TestCase[] {
  return workloads.map((audited) => {
    const { verdict, workload } = audited
    const { resource } = workload
    const lines = [...reasonsOf(audited, nodeClasses), ...fixesOf(audited).map(({ message }) => `fix: ${message}`)]
    const idle = idleReason(workload)
    const place = { file: resource.document.file, name: nameOfResource(resource) }
    const said = verdict === 'safe' ? [] : lines
    if (idle !== undefined) said.push(`wants no pods now (${idle}), and is judged as if it did`)
    const isFailure = fails(verdict, failOn)
    return { ...place, isFailure, type: verdict, words: VERDICT_WORDS[verdict], said: said.join('\n') }
  })
}

function leftOutCases({ notJudged, unnamed }: AuditResult, failOn: FailOn): TestCase[] {
  const isFailure = fails('unknown', failOn)
  return [
    ...notJudged.map(({ file, images, why, ...resource }) => {
      const said = images.length > 0 ? `${why}: ${images.join(', ')}` : why
      return { file, name: nameOfResource(resource), isFailure, type: 'notJudged', words: 'not judged', said }
    }),
    ...unnamed.map(({ file = '', line, message }) => {
      return { file, name: `images at line ${line}`, isFailure, type: 'notKnown', words: 'not known', said: message }
    }),
  ]
}

function imageCases({ images }: AuditResult, failOn: FailOn): TestCase[] {
  return sureImages(images.named).map((one): TestCase => {
    const { image, presence, uses } = one
    const said = presence === 'everywhere' ? '' : [sayUses(one), ...sayObstacles(one)].join('\n')
    const isFailure = failsFor(one, failOn)
    return {
      file: uses[0].file,
      name: `image ${image}`,
      isFailure,
      type: presence,
      words: PRESENCE_WORDS[presence],
      said,
    }
  })
}

function renderCase({ file, name, isFailure, type, words, said }: TestCase): string {
  const place = `classname="${escapeXml(file)}" name="${escapeXml(name)}"`
  if (said === '') return `  <testcase ${place}/>`
  const text = isFailure
    ? `<failure message="${words}" type="${type}">${escapeXml(said)}</failure>`
    : `<system-out>${words}\n${escapeXml(said)}</system-out>`
  return `  <testcase ${place}>\n    ${text}\n  </testcase>`
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
