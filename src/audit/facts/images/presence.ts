import type { Platform } from '../../../oci/platform.ts'
import type { ImageListing, ListedImage } from './node-images.ts'
import type { StartFailure } from './start-failure.ts'

/** Whether a name is on a node: yes, no, or nobody can tell, and why so. */
export interface Presence {
  readonly present: boolean | undefined
  readonly why: string
  /** A seeding brought it, or so its label says. */
  readonly isFromBundle?: boolean
  readonly problem?: string | undefined
  /** What the image there is built for, as far as a list says; empty where it could not tell. */
  readonly platforms?: readonly Platform[] | undefined
  /** A pod shows now that nothing starts from it. */
  readonly isFailing?: boolean
  /** The node holds another image under the name than the bundle; told only of images whose users were read. */
  readonly isDrifted?: boolean
  /** Two sources that cannot both be right. */
  readonly isContradiction?: boolean
}

/** Makes the presences that say no more than this; where the same is said again and again, it is one value. */
type PlainPresences = (present: boolean | undefined, why: string) => Presence

export function plainPresences(): PlainPresences {
  const last = new Map<boolean | undefined, Presence>()
  return (present, why) => {
    const known = last.get(present)
    if (known?.why === why) return known
    const presence = { present, why }
    last.set(present, presence)
    return presence
  }
}

/**
 * Whether a name is on the node. What lists and failing pods show is stronger than a label, which only tells of the past;
 * where they disagree, nobody can tell. `failure` is what a pod says now that cannot start from the image there.
 */
export function presenceOf(
  name: string,
  listings: readonly ImageListing[],
  failure?: StartFailure,
  plain = plainPresences(),
): Presence {
  if (!failure) return listedPresence(name, listings, plain)
  if (failure.isAbsence) return listedPresence(name, listings, plain, failure.reason)
  const presence = listedPresence(name, listings, plain)
  if (presence.present === false || presence.problem) return presence
  return { ...presence, present: undefined, isFailing: true, why: `a pod of it fails with ${failure.reason} now` }
}

type LackingPresences = (places: ReadonlyMap<string, number>, list: ImageListing) => readonly Presence[]

/** What is to be said of names that a list does not have; thousands of nodes have a gap, or none, in common. */
export function lackingPresences(plain: PlainPresences): LackingPresences {
  const known = new Map<ImageListing['gap'], { places: unknown; list: ImageListing; presences: readonly Presence[] }>()
  return (places, list) => {
    const last = known.get(list.gap)
    const isSame = last?.places === places && last.list.source === list.source
    if (isSame && isPromise(last.list) === isPromise(list)) return last.presences
    const presences = Array.from(places.keys(), (name) => lackingPresence(name, list, plain))
    known.set(list.gap, { places, list, presences })
    return presences
  }
}

/**
 * The same for many names, each with its place in the answer. Of a node that only lists what it has, the list is gone
 * through and not the names: there are far more of them.
 */
export function presencesOf(
  places: ReadonlyMap<string, number>,
  listings: readonly ImageListing[],
  failures: ReadonlyMap<string, StartFailure> | undefined,
  plain: PlainPresences,
  lacking: LackingPresences,
): Presence[] {
  const [list] = listings
  if (list === undefined || listings.length > 1 || failures) {
    return Array.from(places.keys(), (name) => presenceOf(name, listings, failures?.get(name), plain))
  }
  const presences = [...lacking(places, list)]
  for (const image of list.images) {
    for (const name of image.names) {
      const place = places.get(name)
      if (place !== undefined) presences[place] = listedPresence(name, listings, plain, undefined, () => image)
    }
  }
  return presences
}

function lackingPresence(name: string, list: ImageListing, plain: PlainPresences): Presence {
  const why = list.gap(name)
  if (why !== undefined) return plain(undefined, why)
  return isPromise(list) ? plain(undefined, NOTHING_KNOWN) : plain(false, list.source)
}

function isPromise({ isBundle, isAssumed }: ImageListing): boolean {
  return isBundle === true || isAssumed === true
}

const NOTHING_KNOWN = 'nothing is known of the images on the node'

/** `failure` is what a pod says that cannot get the image. */
function listedPresence(
  name: string,
  listings: readonly ImageListing[],
  plain: PlainPresences,
  failure?: string,
  imageIn: (list: ImageListing) => ListedImage | undefined = ({ byName }) => byName.get(name),
): Presence {
  /** The first list that has the name; the first label, or assumption, that promises it; the first that lacks it. */
  let holder: ImageListing | undefined
  let promise: ImageListing | undefined
  let lacking: ImageListing | undefined
  let gap: string | undefined
  let problem: string | undefined
  let platforms: Presence['platforms']
  let doubt: string | undefined
  // Asked for each image and node, so that nothing is made on the way.
  for (const list of listings) {
    const image = imageIn(list)
    if (image) {
      problem ??= image.problem
      platforms ??= image.platforms
      if (image.doubt !== undefined) doubt ??= image.doubt
      else if (isPromise(list)) promise ??= list
      else holder ??= list
      continue
    }
    const why = list.gap(name)
    if (why === undefined && !isPromise(list)) lacking ??= list
    gap ??= why
  }
  if (promise?.isAssumed)
    return {
      present: true,
      why: holder?.source ?? promise.source,
      isFromBundle: !holder || platforms !== undefined,
      problem,
    }
  if (holder && problem) return { present: true, why: holder.source, problem }
  if (holder && failure) return contradiction(`${holder.source} lists it, a pod fails with ${failure} now`)
  if (holder && lacking) return contradiction(`${holder.source} lists it, ${lacking.source} does not`)
  if (holder) return platforms ? { present: true, why: holder.source, platforms } : plain(true, holder.source)
  if (failure) return { present: false, why: `a pod fails with ${failure} now` }
  if (promise && !lacking) return { present: true, why: promise.source, isFromBundle: true }
  if (promise && lacking && !lacking.isFinal) {
    const why = `the ${promise.source} promises it, ${lacking.source} does not list it, and is at most a minute behind`
    return { ...contradiction(why), isFromBundle: true }
  }
  if (doubt !== undefined && !lacking?.isFinal) return { present: undefined, why: doubt, isFromBundle: true }
  if (lacking) return plain(false, lacking.source)
  return plain(undefined, gap ?? NOTHING_KNOWN)
}

function contradiction(why: string): Presence {
  return { present: undefined, why, isContradiction: true }
}
