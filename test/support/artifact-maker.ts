import type { LockedArtifact } from '../../src/bundle/format/lock.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import type { Blobs } from './image-maker.ts'

export const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json'
export const HELM_CHART = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json'

/** What an artifact is made of; without anything a model with an empty config. */
export interface ArtifactParts {
  readonly artifactType?: string
  readonly configType?: string
  readonly config?: string
  /** Media type and content of each layer. */
  readonly layers?: readonly (readonly [mediaType: string, content: Buffer | string])[]
}

/** The manifest of an artifact, among blobs. */
export function makeArtifact(
  blobs: Blobs,
  { artifactType, configType = EMPTY_CONFIG, config = '{}', layers = [['text/plain', 'weights']] }: ArtifactParts = {},
): Descriptor {
  const held = layers.map(([mediaType, content]) => put(blobs, mediaType, content))
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, ...(artifactType && { artifactType }) }
  return put(blobs, OCI_MANIFEST, JSON.stringify({ ...manifest, config: put(blobs, configType, config), layers: held }))
}

/** An index over manifests of any kind. */
export function indexOver(blobs: Blobs, manifests: readonly Descriptor[]): Descriptor {
  return put(blobs, OCI_INDEX, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))
}

/** The lock's entry of a manifest that was made here. */
export function lockedArtifact(blobs: Blobs, manifest: Descriptor): LockedArtifact {
  const { artifactType, config, layers } = JSON.parse(blobs.get(manifest.digest)!.toString())
  return { artifactType: artifactType ?? config.mediaType, manifest, blobs: [config, ...layers] }
}

/** Puts everything of `blobs` into a repository of a registry, and tags each target. */
export async function fillRepository(host: string, name: string, blobs: Blobs, tags: Record<string, Descriptor>) {
  const all = [...blobs].map(([digest, bytes]) => ({ digest, bytes, type: mediaTypeIn(bytes) }))
  for (const { digest, bytes, type } of all) {
    if (type) continue
    const begun = await fetch(`http://${host}/v2/${name}/blobs/uploads/`, { method: 'POST' })
    const place = new URL(begun.headers.get('location')!, `http://${host}`)
    place.searchParams.set('digest', digest)
    await expectDone(await fetch(place, { method: 'PUT', body: new Uint8Array(bytes) }))
  }
  const documents = all.filter(({ type }) => type).sort((a, b) => rank(a.type) - rank(b.type))
  const put = async (reference: string, type: string | undefined, bytes: Buffer) =>
    expectDone(
      await fetch(`http://${host}/v2/${name}/manifests/${reference}`, {
        ...{ method: 'PUT', headers: { 'content-type': type ?? '' }, body: new Uint8Array(bytes) },
      }),
    )
  for (const { digest, type, bytes } of documents) await put(digest, type, bytes)
  for (const [tag, { digest, mediaType }] of Object.entries(tags)) await put(tag, mediaType, blobs.get(digest)!)
}

async function expectDone(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`)
}

function rank(type: string | undefined): number {
  return type === OCI_INDEX ? 1 : 0
}

function mediaTypeIn(bytes: Buffer): string | undefined {
  if (!bytes.toString('utf8', 0, 20).startsWith('{"schemaVersion"')) return undefined
  return JSON.parse(bytes.toString()).mediaType
}

function put(blobs: Blobs, mediaType: string, content: Buffer | string): Descriptor {
  const bytes = Buffer.from(content)
  const digest = digestOf(bytes)
  blobs.set(digest, bytes)
  return { mediaType, digest, size: bytes.length }
}
