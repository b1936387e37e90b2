import type { Finding } from '../finding.ts'
import type { Document } from '../kubernetes/documents/document.ts'
import type { Path } from '../kubernetes/documents/path.ts'
import { type Resource, resourcesOf } from '../kubernetes/objects/resource.ts'
import { type Workload, workloadOf } from '../kubernetes/objects/workload.ts'
import { criForm, findReference } from '../oci/reference.ts'
import { isDefinition } from './classify/exclusions.ts'
import { type OpenOmission, unlessListed } from './collect/settlings.ts'
import type { Definitions } from './defaults/definitions.ts'
import type { InputDocument, ReadAs } from './input-document.ts'
import { readChartImages } from './listed/chart-images.ts'
import { isListOfImages, readImageArray, readImageList } from './listed/image-list.ts'
import { looseCandidates } from './loose/loose-documents.ts'
import { mentionsImages, type PlainText, plainTextCandidates } from './loose/plain-text.ts'
import { usesInUnreadable } from './loose/unreadable.ts'
import type { FieldRule } from './rules/field-rule.ts'
import { imagesInComments } from './texts/comments.ts'
import { duplicateFindings } from './uses/duplicate-findings.ts'
import type { ImageCandidate } from './uses/image-candidate.ts'
import type { ImageUse } from './uses/image-use.ts'
import {
  elsewhereFinding,
  findingsOfUse,
  gapFinding,
  partialListFindings,
  silentTextFinding,
  unreadableFinding,
  unresolvedFinding,
  withoutKindFinding,
} from './uses/use-findings.ts'
import { candidatesOf } from './walk/candidates.ts'

/** What one document gave. */
export interface DocumentScan {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  /** Those of the findings that other parts of the inputs may settle. */
  readonly open: readonly OpenOmission[]
  readonly workloads: readonly Workload[]
  readonly resources: readonly Resource[]
}

const NOTHING: DocumentScan = { uses: [], findings: [], open: [], workloads: [], resources: [] }

export interface DocumentScanOptions {
  /** A user's own rules, which come before all others. */
  readonly rules?: readonly FieldRule[]
  /** Told of each rule of which a resource has the field. */
  readonly noteRule?: ((rule: FieldRule) => void) | undefined
  /** Also what only comments name. */
  readonly comments?: boolean
  /** What placeholders stand for. */
  readonly vars?: ReadonlyMap<string, string> | undefined
  /** What the inputs define, which fills custom resources in. */
  readonly definitions?: Definitions | undefined
}

/** Every image that a document uses or lists, and what is wrong with it. */
export function scanDocument(document: InputDocument, options: DocumentScanOptions = {}): DocumentScan {
  switch (document.form) {
    case 'manifest':
      return scanManifest(document, options)
    case 'broken':
      return { ...NOTHING, uses: usesInUnreadable(document), findings: [unreadableFinding(document)] }
    case 'list':
      return { ...NOTHING, ...readImageList(document) }
    case 'text':
      return scanPlainText(document, options)
    case 'chart':
      return { ...NOTHING, ...readChartImages(document) }
    case 'notice':
      return { ...NOTHING, findings: [document.finding] }
    case 'blank':
    case 'unneeded':
    case 'end':
      return NOTHING
  }
}

function scanManifest(
  document: Document & ReadAs,
  { rules = [], noteRule, comments = false, vars, definitions }: DocumentScanOptions,
): DocumentScan {
  const resources = resourcesOf(document)
  if (resources.length === 0) return scanLoose(document, { rules, comments, vars })
  for (const resource of resources) if (isDefinition(resource)) definitions?.learn(resource)
  const scans = resources.map((resource) => scanResource(resource, { rules, noteRule, vars, definitions }))
  return {
    uses: [...scans.flatMap(({ uses }) => uses), ...(comments ? commentUses(document, resources[0]) : [])],
    findings: [
      ...scans.flatMap(({ findings }) => findings),
      ...duplicateFindings(document),
      ...partialListFindings(document),
    ],
    open: scans.flatMap(({ open }) => open),
    workloads: scans.flatMap(({ workload }) => workload ?? []),
    resources,
  }
}

function scanResource(
  resource: Resource,
  { definitions, ...options }: Parameters<typeof candidatesOf>[2] & Pick<DocumentScanOptions, 'definitions'>,
) {
  const { apiVersion, kind, namespace, name, document } = resource
  const workload = workloadOf(resource)
  const names = { apiVersion, kind, namespace, name }
  const uses: ImageUse[] = []
  const findings: Finding[] = []
  const open: OpenOmission[] = []
  const { candidates, gaps, unresolved, elsewhere } = candidatesOf(
    definitions?.complete(resource) ?? resource,
    workload,
    options,
  )
  for (const candidate of candidates) {
    const use = useOf(candidate, resource, names)
    findings.push(...findingsOfUse(use))
    if (use.image) uses.push(use)
  }
  for (const { container, found, path } of gaps) {
    const line = document.lineOf([...resource.path, ...path])
    findings.push(gapFinding({ workload: names, container, file: document.file, line }, found, document))
  }
  for (const { text, path, textLine, container, isPodSpec } of unresolved) {
    const line = lineAt(document, [...resource.path, ...path], textLine)
    const place = { workload: names, container, file: document.file, line }
    const told = unresolvedFinding(place, text, isPodSpec ? 'error' : 'warning')
    findings.push(told)
    open.push(...unlessListed(told, text))
  }
  for (const made of elsewhere) {
    const line = lineAt(document, [...resource.path, ...made.path], made.textLine)
    const told = elsewhereFinding({ workload: names, container: undefined, file: document.file, line }, made)
    findings.push(told)
    if (made.unless) open.push({ finding: told, unless: made.unless })
  }
  return { uses, findings, open, workload }
}

function lineAt(document: Pick<Document, 'lineOf' | 'textLineOf'>, path: Path, textLine: number | undefined): number {
  return textLine === undefined ? document.lineOf(path) : document.textLineOf(path) + textLine
}

/** What no resource of a document without a kind has: nobody knows who makes what of it. */
const NOBODY = { apiVersion: '', kind: '', namespace: undefined, name: '' }

function scanLoose(document: Document & ReadAs, { comments = false, vars }: DocumentScanOptions): DocumentScan {
  const { file, value } = document
  if (isListOfImages(value)) return { ...NOTHING, ...readImageArray(document, value) }
  const { candidates, unresolved, elsewhere, hasImageKeys, openPart } = looseCandidates(document, vars)
  const uses = candidates
    .map((candidate) => useOf(candidate, { document, path: [] }, NOBODY))
    .filter(({ image }) => image)
  const findings = unresolved.map(({ text, path, textLine, container }) => {
    const line = lineAt(document, path, textLine)
    return unresolvedFinding({ workload: NOBODY, container, file, line }, text, 'warning')
  })
  for (const made of elsewhere) {
    const place = { workload: NOBODY, container: undefined, file, line: lineAt(document, made.path, made.textLine) }
    findings.push(elsewhereFinding(place, made))
  }
  const isSilent = openPart !== undefined || (hasImageKeys && uses.length + findings.length === 0)
  if (isSilent && !document.isLaidOver)
    findings.push(withoutKindFinding(file, document.lineOf(openPart ?? []), openPart))
  return { ...NOTHING, uses: [...uses, ...(comments ? commentUses(document, undefined) : [])], findings }
}

function scanPlainText(document: PlainText, { vars }: DocumentScanOptions): DocumentScan {
  const { file, line } = document
  const workload = { apiVersion: '', kind: 'Text', namespace: undefined, name: file }
  const { candidates, unresolved, elsewhere } = plainTextCandidates(document, vars)
  const at = { document: { file, lineOf: () => line, textLineOf: () => line }, path: [] }
  const uses = candidates.map((candidate) => useOf(candidate, at, workload)).filter(({ image }) => image)
  const open: OpenOmission[] = []
  const findings = unresolved.map(({ text, textLine = 0 }) => {
    const place = { workload, container: undefined, file, line: line + textLine }
    const told = unresolvedFinding(place, text, document.isFound ? 'info' : 'warning')
    open.push(...unlessListed(told, text))
    return told
  })
  for (const made of elsewhere) {
    const place = { workload, container: undefined, file, line: line + (made.textLine ?? 0) }
    const told = elsewhereFinding(place, made, document.isFound ? 'info' : 'warning')
    findings.push(told)
    if (made.unless) open.push({ finding: told, unless: made.unless })
  }
  const isSilent = uses.length + findings.length === 0
  if (isSilent && document.isFound && mentionsImages(document.text)) findings.push(silentTextFinding(file))
  return { ...NOTHING, uses, findings, open }
}

/** A comment belongs to the first resource of its document, as far as anyone can tell. */
function commentUses(document: Document, resource: Resource | undefined): ImageUse[] {
  const { apiVersion = '', kind = '', namespace, name = '' } = resource ?? {}
  return imagesInComments(document).flatMap((candidate) => {
    const use = useOf(candidate, { document, path: [] }, { apiVersion, kind, namespace, name })
    return use.image ? [{ ...use, line: document.line + (candidate.textLine ?? 0) }] : []
  })
}

function useOf(
  candidate: ImageCandidate,
  {
    document,
    path: root,
  }: { readonly document: Pick<Document, 'file' | 'lineOf' | 'textLineOf'>; readonly path: Path },
  workload: ImageUse['workload'],
): ImageUse {
  const { reference, path, textLine, policy, container, layer, confidence, why } = candidate
  const parsed = findReference(reference)
  const at = [...root, ...path]
  return {
    reference,
    image: parsed && criForm(parsed),
    policy: policy?.effective,
    policyFrom: policy?.from ?? 'operator',
    workload,
    container,
    path,
    file: document.file,
    line: lineAt(document, at, textLine),
    layer,
    confidence,
    why,
  }
}
