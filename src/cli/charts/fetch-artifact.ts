import type { ChartSource } from '../../discovery/charts/chart-install.ts'
import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isDigest } from '../../oci/digest.ts'
import { artifactTypeOf, parseManifest } from '../../oci/manifest.ts'
import { findReference, formatReference, type Reference } from '../../oci/reference.ts'
import type { ArtifactDoor } from './artifact-door.ts'
import { isVersion, newestWithin, tagFilter, tagOfVersion } from './versions.ts'

/** What a registry has under a name: which bytes, and what they hold. */
export interface FetchedArtifact {
  readonly reference: Reference
  readonly target: Descriptor
  /** How people name it: `oci://registry.example.com/charts/web:1.4.2`. */
  readonly shown: string
  /** The range that the version is the newest of, where one was asked for. */
  readonly range: string | undefined
  readonly holds: 'chart' | 'manifests' | 'other'
  /** The packed files; nothing of what is neither chart nor manifests. */
  readonly packed: Uint8Array | undefined
}

/** The media type of a chart's configuration. */
export const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json'
const HELM_CHART = /^application\/vnd\.cncf\.helm\.chart\.content\.v1\.tar\+gzip$|^application\/tar\+gzip$/
const FLUX_CONFIG = 'application/vnd.cncf.flux.config.v1+json'
const FLUX_CONTENT = 'application/vnd.cncf.flux.content.v1.tar+gzip'

type InRegistry = Extract<ChartSource, { at: 'registry' }>

/**
 * Fetches what a source in a registry stands for now.
 *
 * @throws {ExpectedError} REFERENCE_INVALID; MANIFEST_UNKNOWN where no version is within the range; what registries throw
 */
export async function fetchArtifact(source: InRegistry, door: ArtifactDoor): Promise<FetchedArtifact> {
  const { reference, target, range } = await resolveVersion(source, door)
  const shown = `oci://${formatReference(reference)}`
  const bytes = await door.readDocument(reference, target)
  const document = parseManifest(bytes, target.mediaType, shown)
  const described = { mediaType: document.mediaType, digest: target.digest, size: bytes.byteLength }
  const found = { reference, target: described, shown, range }
  if (document.kind === 'index') return { ...found, holds: 'other', packed: undefined }
  const type = artifactTypeOf(document)
  const pick = (isMeant: (mediaType: string) => boolean) => document.layers.find(({ mediaType }) => isMeant(mediaType))
  const chart = type === HELM_CONFIG ? pick((mediaType) => HELM_CHART.test(mediaType)) : undefined
  if (chart) return { ...found, holds: 'chart', packed: await door.readBlob(reference, chart) }
  const manifests = type === FLUX_CONFIG ? pick((mediaType) => mediaType === FLUX_CONTENT) : undefined
  if (manifests) return { ...found, holds: 'manifests', packed: await door.readBlob(reference, manifests) }
  return { ...found, holds: 'other', packed: undefined }
}

async function resolveVersion(
  { repository, digest, version, filter, tag }: InRegistry,
  door: ArtifactDoor,
): Promise<{ reference: Reference; target: Descriptor; range: string | undefined }> {
  const at = (text: string) => findReference(text) ?? refuse(text)
  if (digest !== undefined) {
    const reference = at(`${repository}@${isDigest(digest) ? digest : refuse(`${repository}@${digest}`)}`)
    return { reference, target: await door.resolve(reference), range: undefined }
  }
  if (version === undefined) {
    const reference = at(tag === undefined ? repository : `${repository}:${tag}`)
    return { reference, target: await door.resolve(reference), range: undefined }
  }
  if (isVersion(version) && filter === undefined) {
    const reference = at(`${repository}:${tagOfVersion(version)}`)
    try {
      return { reference, target: await door.resolve(reference), range: undefined }
    } catch (error) {
      // It may be there as v1.2.3, or with what was built.
      if (!(error instanceof ExpectedError) || error.code !== 'MANIFEST_UNKNOWN') throw error
      const found = newestWithin(await door.tags(at(repository)).catch(() => []), version)
      if (found === undefined) throw error
      const other = at(`${repository}:${found}`)
      return { reference: other, target: await door.resolve(other), range: version }
    }
  }
  const isMeant = filter === undefined ? () => true : tagFilter(filter)
  if (!isMeant) throw new ExpectedError('UNSUPPORTED', `oci://${repository}: the filter ${filter} is not understood`)
  const tags = await door.tags(at(repository))
  const newest = newestWithin(tags.filter(isMeant), version)
  if (newest === undefined) throw noVersion(repository, version)
  const reference = at(`${repository}:${newest}`)
  return { reference, target: await door.resolve(reference), range: version === '' ? '*' : version }
}

function noVersion(repository: string, version: string): ExpectedError {
  return new ExpectedError('MANIFEST_UNKNOWN', `oci://${repository}: has no version within ${version || '*'}`, {
    hint: 'Correct the range where it is written, or push such a version.',
  })
}

function refuse(text: string): never {
  throw new ExpectedError(
    'REFERENCE_INVALID',
    `not the address of a chart or an artifact: ${JSON.stringify(`oci://${text}`)}`,
    {
      hint: 'Write it as oci://registry.example.com/charts/web, in lower case, and its version as a tag can be.',
    },
  )
}
