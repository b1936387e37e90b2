import type { Finding } from '../../finding.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import type { Resource } from '../../kubernetes/objects/resource.ts'
import { type PodPlace, podPlacesOf } from '../../kubernetes/places/pod-places.ts'
import type { EditedPlace } from './patch-bodies.ts'
import { outOfReach, refused, type ScannedUse } from './patch-findings.ts'
import type { PodEdits } from './pod-edit.ts'

/** What a scan of a document found in it. */
export interface ScannedDocument {
  readonly resources: readonly Resource[]
  readonly uses: readonly ScannedUse[]
}

/** What is to change in each workload of a document, also where that is nothing, and what of it cannot. */
export function wantedEdits(
  document: Document,
  { resources, uses }: ScannedDocument,
  editsOf: (place: PodPlace) => PodEdits,
): { places: EditedPlace[]; findings: Finding[] } {
  const places = resources.flatMap(podPlacesOf)
  const findings = outOfReach(document, uses, places)
  const wanted = places.map((place) => {
    const { edits, refusals } = editsOf(place)
    for (const refusal of refusals) findings.push(refused(place, refusal))
    return { place, edits }
  })
  return { places: wanted, findings }
}
