import type { Interfaces } from '@oclif/core'
import { joinLocks } from '../../bundle/lock/lock.ts'
import { lockContent } from '../../bundle/lock/lock-content.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import type { Content } from '../../oci/content/content.ts'
import { parseReference } from '../../oci/reference.ts'
import type { RegistryClient } from '../../registry/client/registry-client.ts'
import { type ImagesToLock, imagesToLock } from '../bundles/images-to-lock.ts'
import type { lockFlags } from '../bundles/lock-flags.ts'
import { followNamed } from './follow-named.ts'
import { openPlaces } from './open-places.ts'

/** What is wanted, and the places besides registries that may have it. Their files are open: close them. */
export interface ImagesAndPlaces {
  readonly wanted: ImagesToLock
  readonly places: readonly Content[]
}

/**
 * What inputs and flags ask for; where they only name places, all that is there, of two images with one name the first.
 *
 * @throws {ExpectedError} as reading inputs and opening places do
 */
export async function imagesAndPlaces(
  inputs: readonly string[],
  flags: Interfaces.InferredFlags<typeof lockFlags>,
  client: RegistryClient,
): Promise<ImagesAndPlaces> {
  if (flags.from.length > 0 && inputs.length === 0 && flags.image.length === 0) return everythingIn(flags.from)
  const wanted = await imagesToLock(inputs, flags, flags.charts ? followNamed(flags, client) : undefined)
  return { wanted, places: await openPlaces(flags.from, wanted.references) }
}

async function everythingIn(from: readonly string[]): Promise<ImagesAndPlaces> {
  const places = await openPlaces(from, [])
  try {
    const held = await Promise.all(
      places.map((place) => (place instanceof BundleFile ? { lock: place.lock, leftOut: [] } : lockContent(place))),
    )
    const { images: locked, edition, missing = [] } = joinLocks(held.map(({ lock }) => lock))
    const references = missing.map(({ reference }) => parseReference(reference))
    const leftOut = held.flatMap((one) => one.leftOut)
    return { wanted: { references, locked, workloads: [], leftOut, edition }, places }
  } catch (error) {
    for (const place of places) await place.close()
    throw error
  }
}
