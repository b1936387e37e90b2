import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Edit } from '../../kubernetes/documents/edit/edited-value.ts'
import { formatPath, valueAt } from '../../kubernetes/documents/path.ts'
import type { PodImage } from '../../kubernetes/objects/pod-images.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import type { PlacedImage } from '../../kubernetes/places/known-pods.ts'
import type { PodPlace } from '../../kubernetes/places/pod-places.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import { selectorChange } from './selector-change.ts'

const BY_HAND = 'Set it by hand, in the field that its operator has for it.'

/** What is to change at a path from the resource. */
export interface PodEdit extends Edit {
  /** For people: `nodeSelector`, `imagePullPolicy of container web`. */
  readonly what: string
}

/** Why a part of a workload stays as it is; the other parts change all the same. */
export interface PodRefusal {
  readonly code: 'NOT_PATCHABLE' | 'SELECTOR_CONFLICT' | 'IMAGE_NOT_IN_BUNDLE' | 'NOT_IN_PLACEMENT'
  readonly problem: string
  readonly hint?: string
}

export interface EditOptions {
  /** Added to what the workload selects by already; a text says why there is none for it. */
  readonly nodeSelector?: Readonly<Record<string, string>> | string
  /** References of images that nodes with that selector are not said to hold. */
  readonly unheld?: readonly string[]
  /** Set where the effective policy is one that needs a registry or, for Never, might ask one. */
  readonly policy?: 'IfNotPresent' | 'Never'
  /** Images whose digest is written behind the reference, by the name that a runtime looks for. */
  readonly pins?: ReadonlyMap<string, LockedImage>
}

/** What has to change in a workload, nothing that is as it should be; and what cannot. */
export interface PodEdits {
  readonly edits: readonly PodEdit[]
  readonly refusals: readonly PodRefusal[]
}

/** Node selector, policy and digest of each image, each by itself: one that cannot be had keeps no other back. */
export function podEdits(place: PodPlace, { nodeSelector, unheld = [], policy, pins }: EditOptions): PodEdits {
  const edits: PodEdit[] = []
  const refusals: PodRefusal[] = []
  const add = (result: PodEdit | PodRefusal | undefined): void => {
    if (result && 'path' in result) edits.push(result)
    else if (result) refusals.push(result)
  }
  if (nodeSelector !== undefined) add(selectorEdit(place, nodeSelector))
  for (const reference of unheld) {
    add({ code: 'NOT_IN_PLACEMENT', problem: `the placement does not say that its nodes hold ${reference}` })
  }
  for (const image of place.images) {
    if (pins) add(pinEdit(place, image, pins))
    if (policy) add(policyEdit(place, image, policy))
  }
  return { edits: onceEach(edits), refusals }
}

/** Images that share one pull policy set it once. */
function onceEach(edits: readonly PodEdit[]): readonly PodEdit[] {
  return [...new Map(edits.toReversed().map((edit) => [formatPath(edit.path), edit])).values()].toReversed()
}

function selectorEdit(
  { resource, podSpec, kind, selectorAt, inherited }: PodPlace,
  wanted: Exclude<EditOptions['nodeSelector'], undefined>,
): PodEdit | PodRefusal | undefined {
  if (typeof wanted === 'string') return { code: 'NOT_IN_PLACEMENT', problem: wanted }
  if (Object.keys(wanted).length === 0) return undefined
  if (typeof selectorAt === 'string') {
    return { code: 'NOT_PATCHABLE', problem: `it takes no nodeSelector here: ${selectorAt}`, hint: BY_HAND }
  }
  if (selectorAt.length === 0) return undefined
  if (kind === 'containers' && podSpec.nodeSelector === undefined) {
    return {
      code: 'NOT_PATCHABLE',
      problem: 'nobody knows whether it takes a nodeSelector beside its containers',
      hint: BY_HAND,
    }
  }
  const present = valueAt(resource.value, selectorAt)
  // One of its own replaces what it inherits.
  const all = isObject(present) ? wanted : { ...inherited, ...wanted }
  const result = selectorChange(present, all)
  if ('conflict' in result) {
    const { key, present, wanted } = result.conflict
    const problem = `it selects nodes by ${key}=${present}, and its images need ${key}=${wanted}: nodeSelector stays as it is`
    return { code: 'SELECTOR_CONFLICT', problem }
  }
  if (!result.change) return undefined
  return { what: 'nodeSelector', path: selectorAt, value: result.change }
}

function policyEdit(
  { podPath }: PodPlace,
  image: PlacedImage,
  policy: 'IfNotPresent' | 'Never',
): PodEdit | PodRefusal | undefined {
  const { policyAt } = image
  if (typeof policyAt === 'string') {
    const problem = `${nameOf(image)}: its pull policy cannot be set here: ${policyAt}`
    return { code: 'NOT_PATCHABLE', problem, hint: BY_HAND }
  }
  if (!mustChange(image, policy)) return undefined
  return { what: `${policyAt.at(-1)} of ${nameOf(image)}`, path: [...podPath, ...policyAt], value: policy }
}

/** IfNotPresent leaves Never alone, which asks for even less; what a placeholder stands for may be `latest`. */
function mustChange({ reference, policy: effective, policyFrom }: PodImage, policy: 'IfNotPresent' | 'Never'): boolean {
  if (policyFrom === 'default' && !findReference(reference)) return true
  return policy === 'Never' ? effective !== 'Never' : effective === 'Always'
}

/** The reference with the digest that the lock has for it; undefined when it has one already that the lock knows. */
function pinEdit(
  { podPath }: PodPlace,
  image: PodImage,
  pins: ReadonlyMap<string, LockedImage>,
): PodEdit | PodRefusal | undefined {
  const parsed = findReference(image.reference)
  const locked = parsed && pins.get(criForm(parsed))
  if (!locked) {
    const why = parsed?.digest
      ? 'is pinned, and the lock does not have it'
      : 'is not in the lock, so it has no digest to be pinned to'
    return { code: 'IMAGE_NOT_IN_BUNDLE', problem: `${nameOf(image)}: ${image.reference} ${why}` }
  }
  if (parsed.digest) return undefined
  const value = `${image.reference}@${locked.target.digest}`
  return { what: `image of ${nameOf(image)}`, path: [...podPath, ...image.path], value }
}

function isVolume({ path }: PodImage): boolean {
  return path[0] === 'volumes'
}

function nameOf(image: PodImage): string {
  return `${isVolume(image) ? 'volume' : 'container'} ${image.container || '(no name)'}`
}
