import { mayNameImages } from '../../discovery/classify/exclusions.ts'
import type { FieldRule } from '../../discovery/rules/field-rule.ts'
import { type DocumentScan, type InputDocument, scanDocument } from '../../discovery/scan.ts'
import { type Confidence, detach, type ImageUse, isAtLeast } from '../../discovery/uses/image-use.ts'
import { leftOutAsUnsure } from '../../discovery/uses/left-out.ts'
import type { Finding } from '../../finding.ts'
import { customWorkloadsOf } from '../../kubernetes/objects/custom-workload.ts'
import type { Resource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { readInputs } from './input-documents.ts'
import { Recognition } from './recognition.ts'
import type { HelmOptions } from './render/helm.ts'

/** What all inputs of a command gave together. */
export interface InputScan {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  /** Images that no use names surely enough. */
  readonly unsure: readonly Finding[]
  /** Only where asked for: workloads hold their whole documents. */
  readonly workloads: readonly Workload[]
  /** The resources of the kinds that were asked for. */
  readonly resources: readonly Resource[]
}

export interface ScanOptions extends HelmOptions {
  readonly keepWorkloads?: boolean
  /** Also the workloads that custom resources are, by shape. */
  readonly keepCustomWorkloads?: boolean
  readonly keepKinds?: readonly string[]
  /** Uses that are less sure are left out. */
  readonly minConfidence?: Confidence
  /** A user's own rules for fields of custom resources. */
  readonly rules?: readonly FieldRule[]
  /** Also images that only comments name. */
  readonly comments?: boolean
  /** What placeholders stand for. */
  readonly vars?: ReadonlyMap<string, string>
  /** What is asked for beside the inputs, such as the images of a distribution. */
  readonly given?: readonly InputDocument[]
}

/**
 * Reads and scans every input. Documents, and files of a directory, that cannot be read are findings; the others go on.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND for an input that is not there.
 */
export async function scanInputs(inputs: readonly string[], options: ScanOptions = {}): Promise<InputScan> {
  const scan = emptyScan()
  const isNeeded = options.comments || options.keepKinds?.length ? undefined : mayNameImages
  for (const document of options.given ?? []) addDocument(scan, document, options)
  const recognition = new Recognition()
  for await (const document of readInputs(inputs, { ...options, isNeeded })) {
    const unknown = recognition.follow(document, addDocument(scan, document, options))
    if (unknown) scan.findings.push(unknown)
  }
  const unsure = leftOutAsUnsure([...scan.dropped.values()], scan.uses)
  return { ...scan, unsure, ...(options.comments && { uses: withoutKnownComments(scan.uses) }) }
}

/** Scans objects that came from somewhere else than a file; `place` stands for the file's name. */
export function scanObjects(objects: Iterable<unknown>, place: string, options: ScanOptions = {}): InputScan {
  const scan = emptyScan()
  const first = () => 1
  for (const value of objects) {
    addDocument(
      scan,
      { form: 'manifest', file: place, line: 1, value, source: '', lineOf: first, textLineOf: first },
      options,
    )
  }
  return scan
}

interface GrowingScan extends InputScan {
  readonly uses: ImageUse[]
  readonly findings: Finding[]
  /** The first use of each image that is less sure than asked for. */
  readonly dropped: Map<string, ImageUse>
  readonly workloads: Workload[]
  readonly resources: Resource[]
  /** Texts of uses, one of each. */
  readonly texts: Map<string, string>
}

function emptyScan(): GrowingScan {
  return { uses: [], findings: [], unsure: [], dropped: new Map(), workloads: [], resources: [], texts: new Map() }
}

function addDocument(
  { uses, findings, dropped, workloads, resources, texts }: GrowingScan,
  document: InputDocument,
  options: ScanOptions,
): DocumentScan {
  const { keepWorkloads = false, keepCustomWorkloads = false, keepKinds = [], minConfidence = 'likely' } = options
  const scan = scanDocument(document, options)
  for (const use of scan.uses) {
    if (isAtLeast(use.confidence, minConfidence) || use.layer === 'comment') uses.push(detach(use, texts))
    else if (use.image !== undefined && !dropped.has(use.image)) dropped.set(use.image, detach(use, texts))
  }
  for (const finding of scan.findings) findings.push(finding)
  if (keepWorkloads) for (const workload of scan.workloads) workloads.push(workload)
  for (const resource of scan.resources) {
    if (keepKinds.includes(resource.kind)) resources.push(resource)
    if (keepCustomWorkloads) workloads.push(...customWorkloadsOf(resource))
  }
  return scan
}

/** A comment that names what a resource names says nothing new. */
function withoutKnownComments(uses: readonly ImageUse[]): ImageUse[] {
  const known = new Set(uses.filter(({ layer }) => layer !== 'comment').map(({ image }) => image))
  return uses.filter(({ layer, image }) => layer !== 'comment' || !known.has(image))
}
