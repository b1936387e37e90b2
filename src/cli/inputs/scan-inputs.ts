import { mayNameImages } from '../../discovery/classify/exclusions.ts'
import type { InputDocument } from '../../discovery/input-document.ts'
import { type ImageUse, isAtLeast } from '../../discovery/uses/image-use.ts'
import { withoutKnownComments } from '../../discovery/uses/known-comments.ts'
import { leftOutAsUnsure } from '../../discovery/uses/left-out.ts'
import { withDoubtAboutUntagged } from '../../discovery/uses/untagged.ts'
import { type Finding, finding } from '../../finding.ts'
import { nameOfResource, type Resource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { withoutElsewhere } from './deployed/elsewhere.ts'
import { type RepositoryTree, treeFor } from './deployed/repository-tree.ts'
import { type Deployed, NOTHING_DEPLOYED, pathsOf } from './deployed/survey.ts'
import { readInputParts } from './input-documents.ts'
import { withoutManaged } from './managed.ts'
import { addDocument, emptyScan, type GrowingScan, type KeepOptions } from './parts/growing-scan.ts'
import { ManifestPart } from './parts/manifest-part.ts'
import type { Origins } from './parts/origins.ts'
import { joinPart } from './parts/part-scan.ts'
import { Recognition } from './parts/recognition.ts'
import { type ReadPart, scansAhead } from './parts/scans-ahead.ts'
import type { HelmOptions } from './render/helm.ts'
import type { Usage } from './usage.ts'

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
  readonly origins: Origins
  /** Where paths of repositories are, where charts are to be looked into. */
  readonly tree?: RepositoryTree | undefined
}

export interface ScanOptions extends HelmOptions, KeepOptions {
  /** The project file, where it is not that of the directories that are read. */
  readonly config?: string | undefined
  readonly saysIdleFlags?: boolean
  /** Follows what of variables and rules something has a use for. */
  readonly usage?: Usage
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
  let deployed = NOTHING_DEPLOYED
  const noteDeployed = (found: Deployed) => {
    deployed = found
  }
  const parts = readInputParts(inputs, { ...options, isNeeded, noteDeployed })
  for await (const { documents, ahead } of partsAhead(parts, scan, options)) {
    if (ahead && joinPart(scan, recognition, ahead.scan, ahead.known)) continue
    for (const document of documents) {
      const unknown = recognition.follow(document, addDocument(scan, document, options))
      if (unknown) scan.findings.push(unknown)
    }
  }
  addLate(scan, options)
  addFromSources(scan, options, true)
  const known = new Set(scan.uses.map(({ image }) => image))
  scan.uses.push(...scan.layeredValues.uses((image) => known.has(image)))
  dropSettled(scan, inputs)
  const findings = withoutElsewhere(scan.findings, pathsOf(deployed))
  const tree = options.gitops && (await treeFor(inputs, options.gitops))
  return { ...settled(withoutManaged({ ...scan, findings }), options), tree }
}

/** Large parts are scanned ahead where all that is asked of them can be told to a thread and comes back as data. */
function partsAhead(
  parts: ReturnType<typeof readInputParts>,
  { definitions }: GrowingScan,
  options: ScanOptions,
): AsyncGenerator<ReadPart> {
  const { comments = false, minConfidence = 'likely', rules = [], vars, keepKinds = [], gitops } = options
  const keeps = options.keepWorkloads || options.keepCustomWorkloads || options.keepPlacedWorkloads
  const isPlain = !keeps && !gitops && rules.length === 0 && !vars?.size && keepKinds.length === 0
  const textOf = (documents: Iterable<InputDocument>) =>
    isPlain && documents instanceof ManifestPart ? documents : undefined
  return scansAhead(parts, textOf, { comments, minConfidence, knownNow: () => definitions.known })
}

/** The same scan at the places that people can open: templates and bases instead of rendered text. */
export function atOrigins<T extends InputScan>(scan: T): T {
  const { origins } = scan
  return {
    ...scan,
    uses: origins.told(scan.uses),
    findings: origins.told(scan.findings),
    unsure: origins.told(scan.unsure),
  }
}

/** What is known only once all is read: names without a version, and what comments add. */
function settled(scan: GrowingScan, { minConfidence = 'likely', comments = false }: ScanOptions): InputScan {
  const uses: ImageUse[] = []
  for (const use of withDoubtAboutUntagged(scan.uses)) {
    if (isAtLeast(use.confidence, minConfidence) || use.layer === 'comment') uses.push(use)
    else if (use.image !== undefined && !scan.dropped.has(use.image)) scan.dropped.set(use.image, use)
  }
  const unsure = leftOutAsUnsure([...scan.dropped.values()], uses)
  return { ...scan, unsure, uses: comments ? withoutKnownComments(uses) : uses }
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
  addFromSources(scan, options, false)
  dropSettled(scan, [])
  return scan
}

/** What variables have from ConfigMaps and Secrets, wherever these stand. */
function addFromSources(
  { uses, findings, dropped, envSources }: GrowingScan,
  options: ScanOptions,
  isWhole: boolean,
): void {
  const { minConfidence = 'likely' } = options
  const settled = envSources.settle({ isWhole })
  if (settled.isFilled) {
    drop(findings, settled.isFilled)
  }
  findings.push(...settled.findings)
  for (const use of settled.uses) {
    if (isAtLeast(use.confidence, minConfidence)) uses.push(use)
    else if (use.image !== undefined && !dropped.has(use.image)) dropped.set(use.image, use)
  }
}

/** What one part of the inputs leaves out and another has is left out no more. */
function dropSettled({ findings, settlings, uses }: GrowingScan, inputs: readonly string[]): void {
  const settled = settlings.settled(inputs, uses)
  if (settled.size > 0) drop(findings, (told) => settled.has(told))
}

function drop(findings: Finding[], isGone: (told: Finding) => boolean): void {
  findings.splice(0, findings.length, ...findings.filter((told) => !isGone(told)))
}

/** Reads once more, with their defaults, the custom resources that came before their definition. */
function addLate(scan: GrowingScan, options: ScanOptions): void {
  const { findings, uses, definitions } = scan
  const late = definitions.late()
  const known = new Set(
    late.length > 0 ? uses.map(({ file, image, reference }) => `${file} ${image ?? reference}`) : [],
  )
  for (const { json, file, line, ...names } of late) {
    const again = emptyScan(definitions)
    const at = () => line
    const value = JSON.parse(json) as unknown
    addDocument(again, { form: 'manifest', file, line, value, source: '', lineOf: at, textLineOf: at }, options)
    uses.push(...again.uses.filter(({ image, reference }) => !known.has(`${file} ${image ?? reference}`)))
    if (again.findings.some(({ code }) => code === 'OPERATOR_CHOOSES')) continue
    const place = `${nameOfResource(names)}: `
    const isSettled = (told: Finding) =>
      told.code === 'OPERATOR_CHOOSES' && told.file === file && told.message.startsWith(place)
    const settled = findings.findIndex(isSettled)
    if (settled >= 0) findings.splice(settled, 1)
  }
  for (const kind of definitions.lost()) {
    const message = `${kind}: the defaults of its definition, which comes behind very many resources, are not filled in`
    findings.push(finding('OPERATOR_CHOOSES', message, { hint: 'Name the definitions first.', subject: kind }))
  }
}
