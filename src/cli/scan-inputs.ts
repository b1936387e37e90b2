import type { ImageUse } from '../discovery/image-use.ts'
import { scanDocument } from '../discovery/scan.ts'
import type { Finding } from '../finding.ts'
import { readDocuments } from '../kubernetes/document.ts'
import type { Workload } from '../kubernetes/workload.ts'
import { readInputs } from './inputs.ts'

/** What all inputs of a command gave together. */
export interface InputScan {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  /** Only where asked for: workloads hold their whole documents. */
  readonly workloads: readonly Workload[]
}

/**
 * Reads and scans every input.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function scanInputs(inputs: readonly string[], { keepWorkloads = false } = {}): Promise<InputScan> {
  const uses: ImageUse[] = []
  const findings: Finding[] = []
  const workloads: Workload[] = []
  for await (const { file, text } of readInputs(inputs)) {
    for (const document of readDocuments(text, file)) {
      const scan = scanDocument(document)
      uses.push(...scan.uses)
      findings.push(...scan.findings)
      if (keepWorkloads) workloads.push(...scan.workloads)
    }
  }
  return { uses, findings, workloads }
}

/** The distinct images of uses, in CRI form, sorted; only those under one of the policies, or set by an operator. */
export function imagesOf(uses: readonly ImageUse[], policies: readonly string[]): string[] {
  const wanted = uses.filter(({ policy }) => policy === undefined || policies.includes(policy))
  return [...new Set(wanted.map(({ image }) => image).filter((image) => image !== undefined))].sort()
}
