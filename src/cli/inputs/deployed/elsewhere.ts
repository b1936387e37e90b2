import type { Namer } from '../../../discovery/charts/chart-install.ts'
import type { Finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'

/** What was looked into; without a path, whatever is named there. */
interface Looked {
  readonly namer: Namer
  readonly path?: string
}

/** Findings without those that say of what these name that it is elsewhere, once it was looked into. */
export function withoutElsewhere(findings: readonly Finding[], looked: readonly Looked[]): Finding[] {
  const begins = looked.map(({ namer, path }) => ({
    file: namer.file,
    // What has no kind has no name either.
    begin: namer.apiVersion.includes('.file/') ? '' : `${nameOfResource(namer)}: `,
    path,
  }))
  const isSettled = ({ code, file, message }: Finding) =>
    begins.some(({ file: at, begin, path }) => {
      if (at !== file || !message.startsWith(begin)) return false
      if (path === undefined) return code === 'CHART_ELSEWHERE'
      return (
        ['', ','].some((end) => message.includes(`: installs the chart ${path}${end} `)) ||
        message.includes(`, path ${path}, whose`)
      )
    })
  return findings.filter(
    (one) =>
      (one.code !== 'CHART_ELSEWHERE' && one.code !== 'MANIFESTS_ELSEWHERE') ||
      one.message.includes('known here: ') ||
      !isSettled(one),
  )
}
