import type { Finding } from '../finding.ts'
import type { LockedImage } from '../inventory.ts'
import { podImages } from '../kubernetes/pod-images.ts'
import { nameOfResource } from '../kubernetes/resource.ts'
import type { Workload } from '../kubernetes/workload.ts'
import { criForm, findReference } from '../oci/reference.ts'
import type { SeedLabel } from './seed-label.ts'

/** What makes the scheduler put a workload only where its images are. */
export interface WorkloadPatch {
  readonly workload: Workload
  /** Added to what the workload selects by already; empty when nothing can be said for it. */
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly findings: readonly Finding[]
}

const ARCH_LABEL = 'kubernetes.io/arch'

/** The nodeSelector of a workload whose images are in a seed set. */
export function selectNodes(workload: Workload, images: readonly LockedImage[], label: SeedLabel): WorkloadPatch {
  const byName = new Map(images.flatMap((image) => image.names.map((name) => [name, image] as const)))
  const wanted = podImages(workload.podSpec).map(({ reference }) => {
    const parsed = findReference(reference)
    return { reference, image: parsed && byName.get(criForm(parsed)) }
  })
  const found = wanted.flatMap(({ image }) => image ?? [])
  const absent = wanted.filter(({ image }) => !image).map(({ reference }) => reference)
  const findings = [...new Set(absent)].map((reference) =>
    finding(workload, 'IMAGE_NOT_IN_BUNDLE', `${reference} is not in the bundle`, 'Bundle it, or pull it another way.'),
  )
  if (found.length === 0) return { workload, nodeSelector: {}, findings }
  const architectures = commonArchitectures(found)
  const arch = architectures.length === 1 ? { [ARCH_LABEL]: architectures[0] ?? '' } : {}
  const nodeSelector = { ...arch, [label.key]: label.value }
  return { workload, nodeSelector, findings: [...findings, ...conflicts(workload, architectures, nodeSelector)] }
}

/** The architectures on which every one of the images runs. */
function commonArchitectures(images: readonly LockedImage[]): string[] {
  const [first = [], ...others] = images.map(({ platforms }) => platforms.map(({ platform }) => platform.architecture))
  return [...new Set(first)].filter((architecture) => others.every((other) => other.includes(architecture))).sort()
}

function conflicts(workload: Workload, architectures: string[], added: Record<string, string>): Finding[] {
  const findings: Finding[] = []
  if (architectures.length === 0) {
    const hint = 'Bundle the missing platforms with --platform.'
    findings.push(finding(workload, 'NO_COMMON_ARCHITECTURE', 'its images have no architecture in common', hint))
  }
  const present = workload.podSpec.nodeSelector ?? {}
  for (const [key, value] of Object.entries(added)) {
    const existing = present[key]
    if (existing === undefined || existing === value) continue
    const problem = `it selects nodes by ${key}=${existing}, and its images need ${key}=${value}`
    findings.push(finding(workload, 'SELECTOR_CONFLICT', problem, undefined))
  }
  return findings
}

function finding(workload: Workload, code: string, problem: string, hint: string | undefined): Finding {
  const { resource } = workload
  const { file, line } = resource.document
  return { code, severity: 'error', message: `${nameOfResource(resource)}: ${problem}`, hint, file, line }
}
