import type { Finding } from '../../finding.ts'
import type { FindingCode } from '../../finding-codes.ts'
import { podImageGaps, podImages } from '../../kubernetes/objects/pod-images.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { nameOnNode } from '../facts/images/image-lookup.ts'

/** Something will start images that no input names. */
const ELSEWHERE: ReadonlySet<FindingCode> = new Set(['OPERATOR_CHOOSES', 'CHART_ELSEWHERE', 'MANIFESTS_ELSEWHERE'])

/** What stands where an image belongs is none. In a judged pod the verdict says so. */
const NO_NAME: ReadonlySet<FindingCode> = new Set([
  'IMAGE_UNRESOLVED',
  'IMAGE_MISSING',
  'IMAGE_EMPTY',
  'IMAGE_NOT_TEXT',
  'REFERENCE_INVALID',
])

/** The findings of a scan about pods that are not judged and whose images nobody knows by name. */
export function unnamedImages(findings: readonly Finding[], workloads: readonly Workload[]): Finding[] {
  const elsewhere = findings.filter(({ code }) => ELSEWHERE.has(code))
  const nameless = findings.filter(({ code }) => NO_NAME.has(code))
  if (nameless.length === 0) return elsewhere
  const judged = judgedGaps(new Set(nameless.map(({ file }) => file)), workloads)
  // A file may be one line, so that places are counted: judged pods account for as many of a line as they have there.
  const others = nameless.filter(({ file, line }) => {
    const left = judged.get(`${file}:${line}`) ?? 0
    if (left > 0) judged.set(`${file}:${line}`, left - 1)
    return left === 0
  })
  return [...elsewhere, ...others]
}

/** How many places of judged pods, by line, hold no name of an image where one belongs. */
function judgedGaps(files: ReadonlySet<string | undefined>, workloads: readonly Workload[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { resource, templatePath, podSpec } of workloads) {
    const { document, path: root } = resource
    if (!files.has(document.file)) continue
    const nameless = podImages(podSpec).filter(({ reference }) => !nameOnNode(reference))
    for (const { path } of [...podImageGaps(podSpec), ...nameless]) {
      const place = `${document.file}:${document.lineOf([...root, ...templatePath, 'spec', ...path])}`
      counts.set(place, (counts.get(place) ?? 0) + 1)
    }
  }
  return counts
}
