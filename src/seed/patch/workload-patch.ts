import { type Finding, finding } from '../../finding.ts'
import type { FindingCode } from '../../finding-codes.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { SeedLabel } from '../placement/seed-label.ts'
import type { WorkloadImages } from '../placement/workload-images.ts'

/** What makes the scheduler put a workload only where its images are. */
export interface WorkloadPatch {
  readonly workload: Workload
  /** Added to what the workload selects by already; empty when nothing can be said for it. */
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly findings: readonly Finding[]
}

const ARCH_LABEL = 'kubernetes.io/arch'

/** The nodeSelector of a workload whose images nodes with that label hold; without a label none could be placed. */
export function selectNodes(
  workload: Workload,
  { found, absent, architectures }: WorkloadImages,
  label: SeedLabel | undefined,
): WorkloadPatch {
  const findings = absent.map((reference) =>
    about(workload, 'IMAGE_NOT_IN_BUNDLE', `${reference} is not in the bundle`),
  )
  if (found.length === 0 || !label) return { workload, nodeSelector: {}, findings }
  const arch = architectures.length === 1 ? { [ARCH_LABEL]: architectures[0] ?? '' } : {}
  const nodeSelector = { ...arch, [label.key]: label.value }
  return { workload, nodeSelector, findings: [...findings, ...conflicts(workload, architectures, nodeSelector)] }
}

function conflicts(workload: Workload, architectures: readonly string[], added: Record<string, string>): Finding[] {
  const findings: Finding[] = []
  if (architectures.length === 0) {
    findings.push(about(workload, 'NO_COMMON_ARCHITECTURE', 'its images have no architecture in common'))
  }
  const present = workload.podSpec.nodeSelector ?? {}
  for (const [key, value] of Object.entries(added)) {
    const existing = present[key]
    if (existing === undefined || existing === value) continue
    const problem = `it selects nodes by ${key}=${existing}, and its images need ${key}=${value}`
    findings.push(about(workload, 'SELECTOR_CONFLICT', problem))
  }
  return findings
}

function about({ resource }: Workload, code: FindingCode, problem: string): Finding {
  const { file, line } = resource.document
  return finding(code, `${nameOfResource(resource)}: ${problem}`, { file, line })
}
