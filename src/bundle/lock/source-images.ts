import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { criForm, formatReference, type Reference } from '../../oci/reference.ts'
import type { CountingSource } from './manifest-cache.ts'

export interface SourceOptions {
  /** Whether nothing but these places may be asked. */
  readonly isOffline: boolean
  /** Hears which place an image is taken from. */
  readonly onFound?: (reference: Reference, place: Content) => void
}

/**
 * A source that looks into places of this machine first, in their order, and asks the other for what none of them has.
 * A name is looked up as a runtime does; a digest may be under any name, since it proves itself.
 */
export function withPlaces(
  source: CountingSource,
  places: readonly Content[],
  { isOffline, onFound }: SourceOptions,
): CountingSource {
  const paths = describePlaces(places)
  return {
    quotaOf: (registry) => source.quotaOf(registry),
    async resolve(reference, options) {
      for (const place of places) {
        const descriptor = await findIn(place, reference)
        if (!descriptor) continue
        onFound?.(reference, place)
        return descriptor
      }
      if (!isOffline) return source.resolve(reference, options)
      throw nowhere(`${formatReference(reference)}: in none of these places`, paths)
    },
    async readDocument(repository, descriptor) {
      if (!isOffline) return source.readDocument(repository, descriptor)
      throw nowhere(`${formatReference(repository)}: its part ${descriptor.digest} is in none of these places`, paths)
    },
  }
}

/**
 * The same source, where some references stand for what they stood for when they were looked into: what they hold then is
 * what the rest was made of.
 */
export function withResolved(source: CountingSource, resolved: ReadonlyMap<string, Descriptor>): CountingSource {
  return {
    quotaOf: (registry) => source.quotaOf(registry),
    resolve: async (reference, options) =>
      resolved.get(formatReference(reference)) ?? source.resolve(reference, options),
    readDocument: (repository, descriptor) => source.readDocument(repository, descriptor),
  }
}

/** The places, and images in them that have no name to be found by. */
function describePlaces(places: readonly Content[]): string {
  const paths = places.map(({ path, unnamed = [] }) => {
    const images = unnamed.filter(({ image }) => image).slice(0, 3)
    const said = images.map(({ subject, why }) => `${subject} ${why}`).join('; ')
    return said ? `${path} (where ${said})` : path
  })
  return paths.join(', ')
}

async function findIn(place: Content, reference: Reference): Promise<Descriptor | undefined> {
  const { digest } = reference
  if (digest === undefined) return place.names.get(criForm(reference))
  return [...place.names.values()].find((known) => known.digest === digest) ?? describe(place, digest)
}

/** A manifest or an index that no name of the place leads to. */
async function describe(place: Content, digest: Digest): Promise<Descriptor | undefined> {
  const blob = place.blobs.get(digest)
  if (!blob) return undefined
  const { mediaType } = parseManifest(await place.readDocument(digest), undefined, `${place.path}, ${digest}`)
  return { mediaType, digest, size: blob.size }
}

function nowhere(problem: string, paths: string): ExpectedError {
  if (paths === '') {
    return new ExpectedError('MANIFEST_UNKNOWN', 'no registry is asked, and no place is named that may have it', {
      hint: 'Name a place that has it with --from, or leave --offline out.',
    })
  }
  return new ExpectedError('MANIFEST_UNKNOWN', `${problem}: ${paths}`, {
    hint: 'Name the place that has it with --from; see what one holds with: nodeseed inspect FILE; give a name to its only image with --from NAME=FILE; or leave --offline out.',
  })
}
