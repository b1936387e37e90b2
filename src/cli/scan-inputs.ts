import type { Confidence, ImageUse } from '../discovery/image-use.ts'
import { isAtLeast } from '../discovery/image-use.ts'
import { scanDocument } from '../discovery/scan.ts'
import type { Finding } from '../finding.ts'
import { type Document, readDocuments, type UnreadableDocument } from '../kubernetes/document.ts'
import { type Resource, resourcesOf } from '../kubernetes/resource.ts'
import type { Workload } from '../kubernetes/workload.ts'
import { readInputs } from './inputs.ts'

/** What all inputs of a command gave together. */
export interface InputScan {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  /** Only where asked for: workloads hold their whole documents. */
  readonly workloads: readonly Workload[]
  /** The resources of the kinds that were asked for. */
  readonly resources: readonly Resource[]
}

interface ScanOptions {
  readonly keepWorkloads?: boolean
  readonly keepKinds?: readonly string[]
  /** Uses that are less sure are left out. */
  readonly minConfidence?: Confidence
}

/**
 * Reads and scans every input. Documents, and files of a directory, that cannot be read are findings; the others go on.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function scanInputs(inputs: readonly string[], options: ScanOptions = {}): Promise<InputScan> {
  const scan = emptyScan()
  const onUnreadable = (file: string, { message, hint }: Error & { hint?: string | undefined }): void => {
    scan.findings.push({ code: 'FILE_UNREADABLE', severity: 'error', message, hint, file, line: undefined })
  }
  for await (const { file, text, line } of readInputs(inputs, { onUnreadable })) {
    for (const document of readDocuments(text, file, line)) addDocument(scan, document, options)
  }
  return scan
}

/** Scans objects that came from somewhere else than a file; `place` stands for the file's name. */
export function scanObjects(objects: Iterable<unknown>, place: string, options: ScanOptions = {}): InputScan {
  const scan = emptyScan()
  const first = () => 1
  for (const value of objects) {
    addDocument(scan, { file: place, line: 1, value, lineOf: first, textLineOf: first }, options)
  }
  return scan
}

interface GrowingScan extends InputScan {
  readonly uses: ImageUse[]
  readonly findings: Finding[]
  readonly workloads: Workload[]
  readonly resources: Resource[]
}

function emptyScan(): GrowingScan {
  return { uses: [], findings: [], workloads: [], resources: [] }
}

function addDocument(
  { uses, findings, workloads, resources }: GrowingScan,
  document: Document | UnreadableDocument,
  { keepWorkloads = false, keepKinds = [], minConfidence = 'likely' }: ScanOptions,
): void {
  const scan = scanDocument(document)
  for (const use of scan.uses) if (isAtLeast(use.confidence, minConfidence)) uses.push(use)
  for (const finding of scan.findings) findings.push(finding)
  if (keepWorkloads) for (const workload of scan.workloads) workloads.push(workload)
  if (keepKinds.length === 0 || 'problem' in document) return
  for (const resource of resourcesOf(document)) if (keepKinds.includes(resource.kind)) resources.push(resource)
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
