import { type Finding, finding } from '../../finding.ts'
import { lineOfResource, nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { isPaused, type NotJudged, sayNotJudged } from '../not-judged.ts'

/** What is left out of the verdicts, one finding each. */
export function notJudgedFindings(left: readonly NotJudged[]): Finding[] {
  return left.map(({ images, why, file, line, ...resource }) =>
    finding('WORKLOAD_NOT_JUDGED', `${nameOfResource(resource)}: ${sayNotJudged({ images, why })}`, {
      file,
      line,
      subject: nameOfResource(resource),
    }),
  )
}

/** The workloads that want no pods now. */
export function idleFindings(workloads: readonly Workload[]): Finding[] {
  return workloads.flatMap((workload) => {
    const { resource } = workload
    const why = idleReason(workload)
    if (why === undefined) return []
    const message = `${nameOfResource(resource)}: wants no pods now (${why}), and is judged as if it did`
    return [finding('WORKLOAD_IDLE', message, { file: resource.document.file, line: lineOfResource(resource) })]
  })
}

/** Why a workload wants no pods now: `replicas: 0`; undefined where it wants some. */
export function idleReason(workload: Workload): string | undefined {
  const { resource, replicas } = workload
  const { suspend } = (resource.value.spec ?? {}) as { suspend?: unknown }
  if (isPaused(workload)) return 'paused: true'
  if ((resource.kind === 'Job' || resource.kind === 'CronJob') && suspend === true) return 'suspend: true'
  return replicas === 0 ? 'replicas: 0' : undefined
}
