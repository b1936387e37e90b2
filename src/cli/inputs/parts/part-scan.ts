import { mayNameImages } from '../../../discovery/classify/exclusions.ts'
import { type DefinitionNotes, Definitions, type DefinitionTrees } from '../../../discovery/defaults/definitions.ts'
import type { Confidence, ImageUse } from '../../../discovery/uses/image-use.ts'
import type { Finding } from '../../../finding.ts'
import { readEveryDocument } from '../../../kubernetes/documents/document.ts'
import { addDocument, emptyScan, type GrowingScan } from './growing-scan.ts'
import { Recognition } from './recognition.ts'

/** Manifests of a file, or a part of it between two documents. */
export interface ManifestText {
  readonly text: string
  readonly file: string
  readonly line: number
}

/** What a scan of parts may ask for: all of it can be told to a thread. */
export interface PartOptions {
  readonly comments: boolean
  readonly minConfidence: Confidence
}

/** What a part gave by itself, as data alone. */
export interface PartScan {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  readonly dropped: ReadonlyMap<string, ImageUse>
  readonly definitions: DefinitionNotes
  readonly ownership: GrowingScan['ownership']['noted']
  readonly envSources: GrowingScan['envSources']['noted']
  readonly layeredValues: GrowingScan['layeredValues']['noted']
  readonly settlings: GrowingScan['settlings']['noted']
  readonly recognised: Recognition['noted']
}

/** Scans a part without the others; `known` are the definitions that are known before it. */
export function scanPart(part: ManifestText, options: PartOptions, known: DefinitionTrees): PartScan {
  const scan = emptyScan(new Definitions(known))
  const recognition = new Recognition()
  const isNeeded = options.comments ? undefined : mayNameImages
  for (const document of readEveryDocument(part.text, part.file, part.line, isNeeded)) {
    recognition.follow(document, addDocument(scan, document, options))
  }
  const { uses, findings, dropped, definitions, ownership, envSources, layeredValues, settlings } = scan
  return {
    ...{ uses, findings, dropped, recognised: recognition.noted },
    ...{ definitions: definitions.noted, ownership: ownership.noted, envSources: envSources.noted },
    ...{ layeredValues: layeredValues.noted, settlings: settlings.noted },
  }
}

/**
 * Puts what a part gave behind what the parts before it gave, as if it had been scanned here. False where it may be
 * another scan that had been made here, as definitions have come that the part was not scanned with: nothing is taken then.
 */
export function joinPart(scan: GrowingScan, recognition: Recognition, part: PartScan, known: DefinitionTrees): boolean {
  if (!scan.definitions.mayJoin(part.definitions, known)) return false
  for (const use of part.uses) scan.uses.push(use)
  for (const finding of part.findings) scan.findings.push(finding)
  for (const [image, use] of part.dropped) if (!scan.dropped.has(image)) scan.dropped.set(image, use)
  scan.definitions.join(part.definitions)
  scan.ownership.join(part.ownership)
  scan.envSources.join(part.envSources)
  scan.layeredValues.join(part.layeredValues)
  scan.settlings.join(part.settlings)
  recognition.join(part.recognised)
  return true
}
