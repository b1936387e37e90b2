import type { GitOpsResources } from '../../../discovery/charts/gitops-resources.ts'
import { LayeredValues } from '../../../discovery/charts/layered-values.ts'
import { EnvSources } from '../../../discovery/collect/env-sources.ts'
import { Ownership } from '../../../discovery/collect/ownership.ts'
import { Settlings } from '../../../discovery/collect/settlings.ts'
import { Definitions } from '../../../discovery/defaults/definitions.ts'
import type { InputDocument } from '../../../discovery/input-document.ts'
import type { FieldRule } from '../../../discovery/rules/field-rule.ts'
import { type DocumentScan, scanDocument } from '../../../discovery/scan.ts'
import { type Confidence, detach, type ImageUse, isAtLeast } from '../../../discovery/uses/image-use.ts'
import type { Finding } from '../../../finding.ts'
import { customWorkloadsOf } from '../../../kubernetes/objects/custom-workload.ts'
import type { Resource } from '../../../kubernetes/objects/resource.ts'
import type { Workload } from '../../../kubernetes/objects/workload.ts'
import { placedWorkloadsOf } from '../../../kubernetes/places/placed-workloads.ts'
import { Origins } from './origins.ts'

/** What is kept of documents. */
export interface KeepOptions {
  readonly keepWorkloads?: boolean
  /** Also the workloads that custom resources are, by shape. */
  readonly keepCustomWorkloads?: boolean
  /** Also the pods of custom resources that can be given a nodeSelector. */
  readonly keepPlacedWorkloads?: boolean
  readonly keepKinds?: readonly string[]
  /** Uses that are less sure are left out. */
  readonly minConfidence?: Confidence
  /** A user's own rules for fields of custom resources. */
  readonly rules?: readonly FieldRule[]
  readonly comments?: boolean
  /** What placeholders stand for. */
  readonly vars?: ReadonlyMap<string, string>
  /** Follows which of the rules something has a use for. */
  readonly usage?: { readonly noteRule: (rule: FieldRule) => void }
  /** Takes what says which charts are installed, where they are to be looked into. */
  readonly gitops?: GitOpsResources | undefined
}

/** What the documents so far gave. */
export interface GrowingScan {
  readonly uses: ImageUse[]
  readonly findings: Finding[]
  readonly unsure: Finding[]
  /** The first use of each image that is less sure than asked for. */
  readonly dropped: Map<string, ImageUse>
  readonly workloads: Workload[]
  readonly resources: Resource[]
  /** Texts of uses, one of each. */
  readonly texts: Map<string, string>
  readonly origins: Origins
  readonly definitions: Definitions
  readonly ownership: Ownership
  readonly envSources: EnvSources
  readonly layeredValues: LayeredValues
  readonly settlings: Settlings
}

export function emptyScan(definitions = new Definitions()): GrowingScan {
  const lists = { uses: [], findings: [], unsure: [], workloads: [], resources: [] }
  return {
    ...lists,
    dropped: new Map(),
    texts: new Map(),
    definitions,
    ownership: new Ownership(),
    envSources: new EnvSources(),
    layeredValues: new LayeredValues(),
    settlings: new Settlings(),
    origins: new Origins(),
  }
}

const UNREAD_FORMS: ReadonlySet<InputDocument['form']> = new Set(['notice', 'broken', 'end'])

export function addDocument(growing: GrowingScan, document: InputDocument, options: KeepOptions): DocumentScan {
  const { keepWorkloads = false, keepCustomWorkloads = false, keepKinds = [], minConfidence = 'likely' } = options
  const { uses, findings, dropped, workloads, resources, texts, definitions, ownership } = growing
  const scan = scanDocument(document, { ...options, noteRule: options.usage?.noteRule, definitions })
  growing.origins.note(document, scan)
  for (const use of scan.uses) {
    if (isAtLeast(use.confidence, minConfidence) || use.layer === 'comment') uses.push(detach(use, texts))
    else if (use.image !== undefined && !dropped.has(use.image)) dropped.set(use.image, detach(use, texts))
  }
  for (const finding of scan.findings) findings.push(finding)
  growing.settlings.wait(scan.open)
  if (document.form === 'list') growing.settlings.noteList(document.file)
  if (!UNREAD_FORMS.has(document.form)) growing.settlings.noteFile(document.file)
  if (keepWorkloads) for (const workload of scan.workloads) workloads.push(workload)
  for (const resource of scan.resources) {
    if (keepKinds.some((of) => of === resource.kind || resource.apiVersion.startsWith(`${of}/`)))
      resources.push(resource)
    if (options.keepPlacedWorkloads) workloads.push(...placedWorkloadsOf(resource))
    if (keepCustomWorkloads) workloads.push(...customWorkloadsOf(resource))
    options.gitops?.note(resource)
    definitions.wait(resource)
    ownership.note(resource)
    growing.envSources.note(resource)
    growing.layeredValues.note(resource)
    growing.settlings.note(resource)
  }
  return scan
}
