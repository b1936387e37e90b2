import type { Node } from 'kubernetes-types/core/v1.js'
import { leadsToMirror } from '../../kubernetes/openshift/mirror-sources.ts'
import { isOpenShift, machineConfigPool } from '../../kubernetes/openshift/openshift-node.ts'
import { findReference, repositoryName } from '../../oci/reference.ts'
import type { Conditions } from '../facts/conditions.ts'
import type { ImageReason } from './image-rules.ts'
import type { Outcome } from './outcome.ts'

type OpenShiftFacts = Pick<Conditions, 'hasMirror' | 'mirrorSources' | 'pinnedImages'>

/** Whether it is not known that a node asks the mirror for an image: where the mirror sets are known, and none is about it. */
export function mayPassMirror(
  reference: string,
  node: Node,
  { hasMirror = false, mirrorSources }: OpenShiftFacts,
): boolean {
  return hasMirror && mirrorSources !== undefined && isOpenShift(node) && !leadsToMirror(reference, mirrorSources)
}

export function passesMirror(reference: string): Outcome<ImageReason> {
  const [by, kind] = findReference(reference)?.digest
    ? ['digest', 'ImageDigestMirrorSet']
    : ['tag', 'ImageTagMirrorSet']
  const message = `${reference}: no ${kind} leads an image by ${by} to the mirror`
  return { starts: null, reason: 'ImageUnknown', message }
}

/** What is missing on a node of OpenShift, with the PinnedImageSet that is to bring it there, or another name of it. */
export function withPinned(
  outcome: Outcome<ImageReason>,
  { name }: { readonly name: string | undefined },
  node: Node,
  { pinnedImages = [] }: OpenShiftFacts,
): Outcome<ImageReason> {
  const reference = name === undefined ? undefined : findReference(name)
  if (outcome.reason !== 'ImageMissing' || !reference || pinnedImages.length === 0 || !isOpenShift(node)) return outcome
  const pool = machineConfigPool(node)
  const own = pinnedImages.filter((set) => set.pool === pool)
  const bringing = own.find(({ images }) => images.has(name ?? ''))
  if (bringing) return { ...outcome, message: `${outcome.message}; PinnedImageSet ${bringing.name} is to bring it` }
  const similar = own.find(({ repositories }) => repositories.has(repositoryName(reference)))
  if (!similar || reference.digest) return outcome
  return { ...outcome, message: `${outcome.message}; PinnedImageSet ${similar.name} brings it by digest only` }
}
