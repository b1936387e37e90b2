import type { ImageUse } from '../../discovery/uses/image-use.ts'
import type { Finding } from '../../finding.ts'
import type { InputScan } from '../inputs/scan-inputs.ts'

/** Two scans as one; places of the second are those that people can open already. */
export function joinScans(scan: InputScan, other: InputScan): InputScan {
  const known = new Set(scan.uses.map(({ image }) => image))
  return {
    ...scan,
    uses: [...scan.uses, ...other.uses],
    findings: [...scan.findings, ...other.findings],
    unsure: [...scan.unsure, ...other.unsure.filter(({ subject }) => !known.has(subject))],
    workloads: [...scan.workloads, ...other.workloads],
    resources: [...scan.resources, ...other.resources],
  }
}

/** A scan whose uses say too why what they stand in is looked at. */
export function becauseOf(scan: InputScan, because: string): InputScan {
  return { ...scan, uses: scan.uses.map((use): ImageUse => ({ ...use, why: `${use.why}, ${because}` })) }
}

/** A scan of a directory of ours in the words of who knows it under another name. */
export function movedScan(scan: InputScan, directory: string, shown: string): InputScan {
  const moved = (text: string) => text.replaceAll(directory, shown)
  const movedFinding = (one: Finding): Finding => ({
    ...one,
    message: moved(one.message),
    hint: one.hint && moved(one.hint),
    file: one.file && moved(one.file),
  })
  return {
    ...scan,
    uses: scan.uses.map((use) => ({ ...use, file: moved(use.file) })),
    findings: scan.findings.map(movedFinding),
    unsure: scan.unsure.map(movedFinding),
  }
}
