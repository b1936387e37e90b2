import type { Interfaces } from '@oclif/core'
import { attachedBlobsOf, blobsOf, type Lock, type LockedImage } from '../../bundle/format/lock.ts'
import { assertCarriable, isCarriable } from '../../bundle/lock/carriable.ts'
import { joinLocks } from '../../bundle/lock/lock.ts'
import { lockContent } from '../../bundle/lock/lock-content.ts'
import { type Finding, finding } from '../../finding.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import type { MadeContent } from '../../layout/made-content.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseReference } from '../../oci/reference.ts'
import type { RegistryClient } from '../../registry/client/registry-client.ts'
import { type ImagesToLock, imagesToLock } from '../bundles/images-to-lock.ts'
import type { lockFlags } from '../bundles/lock-flags.ts'
import { splitInputs } from '../charts/input-address.ts'
import { addFileOf } from '../plain-files/open-files.ts'
import { followNamed } from './follow-named.ts'
import { openPlaces } from './open-places.ts'

type LockFlags = Interfaces.InferredFlags<typeof lockFlags>

/** What is wanted, and the places besides registries that may have it. Their files are open: close them. */
export interface ImagesAndPlaces {
  readonly wanted: ImagesToLock
  readonly places: readonly Content[]
}

/**
 * What inputs and flags ask for, with `files` as one place more of which everything is wanted; where they only name places, all that is there, of two images with one name the first.
 *
 * @throws {ExpectedError} as reading inputs and opening places do
 */
export async function imagesAndPlaces(
  inputs: readonly string[],
  flags: LockFlags,
  client: RegistryClient,
  files: MadeContent | undefined,
): Promise<ImagesAndPlaces> {
  const isAll = isEverything(inputs, flags)
  const image = isAll ? [] : [...flags.image, ...(files?.names.keys() ?? [])]
  const { wanted, places } = await fromInputs(inputs, { ...flags, image }, client)
  const { charts = [] } = wanted
  if (!files) return { wanted: { ...wanted, leftOut: [...wanted.leftOut, ...charts.map(notInLock)] }, places }
  for (const { name, packed } of charts) addFileOf(files, name, packed)
  const added = [...files.names.keys()].filter((name) => !image.includes(name))
  const references = [...wanted.references, ...added.map(parseReference)]
  return { wanted: { ...wanted, references }, places: files.names.size > 0 ? [files, ...places] : places }
}

/** A lock says what registries have. */
function notInLock({ name, shown }: { name: string; shown: string }): Finding {
  return finding('CHART_NOT_LOCKED', `${name} of ${shown} is in no registry, so no lock holds it`, { subject: name })
}

/** Whether only places are named, so that all that is there is meant. */
function isEverything(inputs: readonly string[], { from, image }: Pick<LockFlags, 'from' | 'image'>): boolean {
  return from.length > 0 && inputs.length === 0 && image.length === 0
}

async function fromInputs(
  inputs: readonly string[],
  flags: LockFlags,
  client: RegistryClient,
): Promise<ImagesAndPlaces> {
  if (isEverything(inputs, flags)) return everythingIn(flags.from)
  const isFollowed = flags.charts || splitInputs(inputs).addresses.length > 0
  const follow = isFollowed ? followNamed(flags, client) : undefined
  const wanted = await imagesToLock(inputs, flags, follow)
  return { wanted, places: await openPlaces(flags.from, wanted.references) }
}

/** The names of an image that people gave it; its digest where it has none. */
function tagsOf({ reference, names }: LockedImage): readonly string[] {
  const tagged = names.filter((name) => parseReference(name).digest === undefined)
  return tagged.length > 0 ? tagged : [reference]
}

async function everythingIn(from: readonly string[]): Promise<ImagesAndPlaces> {
  const places = await openPlaces(from, [])
  try {
    const held = await Promise.all(
      places.map((place) => (place instanceof BundleFile ? { lock: place.lock, leftOut: [] } : lockContent(place))),
    )
    const { images, edition, missing = [] } = joinLocks(held.map(({ lock }) => lock))
    const locked = images.filter((image) => isCarriable(blobsOf(image)))
    for (const image of locked) assertCarriable(image.reference, attachedBlobsOf(image))
    // Looked for by name, each of these fails for itself, as one does that is looked for at a registry.
    const others = images.filter((image) => !locked.includes(image)).flatMap(tagsOf)
    const references = [...missing.map(({ reference }) => reference), ...others].map(parseReference)
    const leftOut = [
      ...held.flatMap((one) => one.leftOut),
      ...shadowed(
        places,
        held.map(({ lock }) => lock),
      ),
    ]
    return { wanted: { references, locked, workloads: [], leftOut, edition }, places }
  } catch (error) {
    for (const place of places) await place.close()
    throw error
  }
}

/** Images of which an earlier place has another one under the same tag: of two archives, it may be the other platform. */
function shadowed(places: readonly Content[], locks: readonly Lock[]): Finding[] {
  const first = new Map<string, { readonly digest: Digest; readonly path: string }>()
  const findings: Finding[] = []
  for (const [at, { images }] of locks.entries()) {
    const { path = '' } = places[at] ?? {}
    for (const { names, target } of images) {
      for (const name of names.filter((one) => parseReference(one).digest === undefined)) {
        const known = first.get(name)
        if (!known) first.set(name, { digest: target.digest, path })
        else if (known.digest !== target.digest) {
          const text = `${path}: ${name}: ${known.path} has another image of that name, which was named before`
          findings.push(finding('ARCHIVE_ENTRY_LEFT_OUT', text, { subject: name }))
        }
      }
    }
  }
  return findings
}
