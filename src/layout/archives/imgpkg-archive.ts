import { imageNames } from '../../oci/content/image-names.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf, isDigest, splitDigest } from '../../oci/digest.ts'
import { parseReference, repositoryName } from '../../oci/reference.ts'
import type { ByteFile } from '../files/byte-file.ts'
import type { TarEntry } from '../tar/tar-index.ts'
import { type ArchiveBlob, ArchiveContent } from './archive-content.ts'
import { fieldsOf, invalid, textsOf } from './archive-json.ts'

const CAVEAT = 'an archive of imgpkg: its digests are those of the registry, and nothing in it says who made it'

interface Reading {
  readonly file: ByteFile
  readonly entries: ReadonlyMap<string, TarEntry>
  readonly blobs: Map<Digest, ArchiveBlob>
}

/** Whether an entry of a `manifest.json` is one of imgpkg. */
export function isOfImgpkg(value: unknown): boolean {
  const { Image, ImageIndex } = fieldsOf(value)
  return Image !== undefined || ImageIndex !== undefined
}

/**
 * What `imgpkg copy --to-tar` writes: documents as texts in its `manifest.json`, each layer as a file that is named after
 * its digest. Takes the file over. Source: carvel imgpkg, pkg/imgpkg/imagedesc and imagetar.
 *
 * @param listed what its `manifest.json` says
 * @throws {ExpectedError} BUNDLE_INVALID, CONTENT_MISMATCH
 */
export function openImgpkgArchive(
  file: ByteFile,
  entries: ReadonlyMap<string, TarEntry>,
  listed: readonly unknown[],
): ArchiveContent {
  const reading: Reading = { file, entries, blobs: new Map() }
  const images = listed.flatMap((value, index) => {
    const { Image, ImageIndex } = fieldsOf(value)
    const where = `manifest.json, entry ${index}`
    const item = fieldsOf(Image ?? ImageIndex)
    const descriptor = ImageIndex ? takeIndex(reading, item, where) : takeImage(reading, item, where)
    return namesOf(item).map((name): [string | undefined, Descriptor] => [name, descriptor])
  })
  return new ArchiveContent(file, { ...imageNames(images), blobs: reading.blobs, caveats: [CAVEAT] })
}

/** Each reference is by digest; a tag belongs to the first one's repository. */
function namesOf({ Refs, Tag }: Readonly<Record<string, unknown>>): (string | undefined)[] {
  const [first, ...others] = textsOf(Refs)
  if (first === undefined) return [undefined]
  const tagged = typeof Tag === 'string' && Tag ? [`${repositoryName(parseReference(first))}:${Tag}`] : []
  return [first, ...others, ...tagged]
}

function takeIndex(reading: Reading, index: Readonly<Record<string, unknown>>, where: string): Descriptor {
  const { Images, Indexes, MediaType, Digest: digest, Raw } = index
  for (const [at, image] of listOf(Images).entries()) takeImage(reading, fieldsOf(image), `${where}, image ${at}`)
  for (const [at, inner] of listOf(Indexes).entries()) takeIndex(reading, fieldsOf(inner), `${where}, index ${at}`)
  return takeDocument(reading, { MediaType, Digest: digest, Raw }, where)
}

function takeImage(reading: Reading, image: Readonly<Record<string, unknown>>, where: string): Descriptor {
  const { Config, Manifest, Layers } = image
  takeDocument(reading, fieldsOf(Config), `${where}, config`)
  for (const layer of listOf(Layers)) takeLayer(reading, fieldsOf(layer), where)
  return takeDocument(reading, fieldsOf(Manifest), `${where}, manifest`)
}

function takeDocument(
  { file, blobs }: Reading,
  { MediaType, Digest: digest, Raw }: Readonly<Record<string, unknown>>,
  where: string,
): Descriptor {
  if (!isDigest(digest) || typeof Raw !== 'string') throw invalid(file, `${where}: neither digest nor text`)
  const bytes = new TextEncoder().encode(Raw)
  const actual = digestOf(bytes, splitDigest(digest).algorithm)
  if (actual !== digest) throw invalid(file, `${where}: its text hashes to ${actual}, not to ${digest}`)
  blobs.set(digest, { size: bytes.length, bytes })
  return { mediaType: typeof MediaType === 'string' ? MediaType : '', digest, size: bytes.length }
}

/** A layer that may not be handed out is not in the archive: the image lacks it. */
function takeLayer({ file, entries, blobs }: Reading, layer: Readonly<Record<string, unknown>>, where: string): void {
  const { Digest: digest } = layer
  if (!isDigest(digest)) throw invalid(file, `${where}: a layer has no digest`)
  const { algorithm, hex } = splitDigest(digest)
  const entry = entries.get(`${algorithm}-${hex}.tar.gz`)
  if (entry) blobs.set(digest, { size: entry.size, offset: entry.offset })
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
