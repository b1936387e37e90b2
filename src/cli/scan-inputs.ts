import type { Confidence, ImageUse } from '../discovery/image-use.ts'
import { isAtLeast } from '../discovery/image-use.ts'
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

interface ScanOptions {
  readonly keepWorkloads?: boolean
  /** Uses that are less sure are left out. */
  readonly minConfidence?: Confidence
}

/**
 * Reads and scans every input. Documents, and files of a directory, that cannot be read are findings; the others go on.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function scanInputs(
  inputs: readonly string[],
  { keepWorkloads = false, minConfidence = 'likely' }: ScanOptions = {},
): Promise<InputScan> {
  const uses: ImageUse[] = []
  const findings: Finding[] = []
  const workloads: Workload[] = []
  const onUnreadable = (file: string, { message, hint }: Error & { hint?: string | undefined }): void => {
    findings.push({ code: 'FILE_UNREADABLE', severity: 'error', message, hint, file, line: undefined })
  }
  for await (const { file, text, line } of readInputs(inputs, { onUnreadable })) {
    for (const document of readDocuments(text, file, line)) {
      const scan = scanDocument(document)
      for (const use of scan.uses) if (isAtLeast(use.confidence, minConfidence)) uses.push(use)
      for (const finding of scan.findings) findings.push(finding)
      if (keepWorkloads) for (const workload of scan.workloads) workloads.push(workload)
    }
  }
  return { uses, findings, workloads }
}

/** Whether some input could not be read, so that images may be missing from the answer. */
export function isIncomplete({ findings }: Pick<InputScan, 'findings'>): boolean {
  return findings.some(({ code }) => code === 'FILE_UNREADABLE' || code === 'DOCUMENT_UNREADABLE')
}

/** The distinct images of uses, in CRI form, sorted; only those under one of the policies, or set by an operator. */
export function imagesOf(uses: readonly ImageUse[], policies: readonly string[]): string[] {
  const wanted = uses.filter(({ policy }) => policy === undefined || policies.includes(policy))
  return [...new Set(wanted.map(({ image }) => image).filter((image) => image !== undefined))].sort()
}
