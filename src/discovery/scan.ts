import type { Finding } from '../finding.ts'
import type { Document, UnreadableDocument } from '../kubernetes/document.ts'
import type { Path } from '../kubernetes/position.ts'
import { type Resource, resourcesOf } from '../kubernetes/resource.ts'
import { type Workload, workloadOf } from '../kubernetes/workload.ts'
import { criForm, findReference } from '../oci/reference.ts'
import type { Candidate } from './candidate.ts'
import { isExcluded } from './exclusions.ts'
import { applyRules, type FieldRule } from './field-rule.ts'
import { findingsOfUse, gapFinding, unreadableFinding } from './findings.ts'
import type { ImageUse } from './image-use.ts'
import { KNOWN_FIELDS } from './known-fields.ts'
import { schemaDefaults } from './schema-defaults.ts'
import { findCandidates } from './walk.ts'

/** What one document gave. */
export interface DocumentScan {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  readonly workloads: readonly Workload[]
}

export interface DocumentScanOptions {
  /** A user's own rules, which come before all others. */
  readonly rules?: readonly FieldRule[]
}

/** Every image that a document's resources use, and what is wrong with them. */
export function scanDocument(
  document: Document | UnreadableDocument,
  { rules = [] }: DocumentScanOptions = {},
): DocumentScan {
  if ('problem' in document) return { uses: [], findings: [unreadableFinding(document)], workloads: [] }
  const scans = resourcesOf(document).map((resource) => scanResource(resource, rules))
  return {
    uses: scans.flatMap(({ uses }) => uses),
    findings: scans.flatMap(({ findings }) => findings),
    workloads: scans.flatMap(({ workload }) => workload ?? []),
  }
}

function scanResource(resource: Resource, rules: readonly FieldRule[]) {
  const { apiVersion, kind, namespace, name, document } = resource
  const workload = workloadOf(resource)
  const names = { apiVersion, kind, namespace, name }
  const uses: ImageUse[] = []
  const findings: Finding[] = []
  const { candidates, gaps } = candidatesOf(resource, workload, rules)
  for (const candidate of candidates) {
    const use = useOf(candidate, resource, names)
    findings.push(...findingsOfUse(use))
    if (use.image) uses.push(use)
  }
  for (const { container, found, path } of gaps) {
    const line = document.lineOf([...resource.path, ...path])
    findings.push(gapFinding({ workload: names, container, file: document.file, line }, found))
  }
  return { uses, findings, workload }
}

function candidatesOf(
  resource: Resource,
  workload: Workload | undefined,
  rules: readonly FieldRule[],
): ReturnType<typeof findCandidates> {
  const own = applyRules(rules, resource, 'rule')
  const known = applyRules(KNOWN_FIELDS, resource, 'knownField')
  const { candidates, gaps } = guessesFor(resource, workload)
  const isFree = ({ path }: Candidate, claimed: readonly Path[]) => !claimed.some((prefix) => startsWith(path, prefix))
  return {
    candidates: [
      ...own.candidates,
      ...known.candidates.filter((candidate) => isFree(candidate, own.claimed)),
      ...candidates.filter((candidate) => isFree(candidate, own.claimed) && isFree(candidate, known.claimed)),
    ],
    gaps,
  }
}

function startsWith(path: Path, prefix: Path): boolean {
  return prefix.every((key, index) => path[index] === key)
}

function guessesFor(resource: Resource, workload: Workload | undefined): ReturnType<typeof findCandidates> {
  const { apiVersion, kind, value } = resource
  if (isExcluded(resource)) return { candidates: [], gaps: [] }
  if (kind === 'CustomResourceDefinition') return { candidates: defaultCandidates(resource), gaps: [] }
  const layer = kind === 'ConfigMap' ? 'config' : 'knownField'
  return findCandidates(value, { apiVersion, layer, podSpec: workload?.podSpec })
}

function defaultCandidates({ apiVersion, value }: Resource): Candidate[] {
  return schemaDefaults(value).flatMap(({ value: defaults, pathOf }) =>
    findCandidates(defaults, { apiVersion, layer: 'knownField' }).candidates.map(
      (candidate): Candidate => ({
        ...candidate,
        path: pathOf(candidate.path),
        policy: undefined,
        layer: 'knownField',
        confidence: candidate.confidence === 'possible' ? 'possible' : 'likely',
        why: `schema default, ${candidate.why}`,
      }),
    ),
  )
}

function useOf(candidate: Candidate, { document, path: root }: Resource, workload: ImageUse['workload']): ImageUse {
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
    line: textLine === undefined ? document.lineOf(at) : document.textLineOf(at) + textLine,
    layer,
    confidence,
    why,
  }
}
