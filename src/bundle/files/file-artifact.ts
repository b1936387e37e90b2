import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf } from '../../oci/digest.ts'
import { OCI_MANIFEST } from '../../oci/media-type.ts'
import type { Reference } from '../../oci/reference.ts'
import type { LockedImage } from '../format/lock.ts'

/** A file that is carried beside images, under its own name. */
export interface PlainFile {
  readonly name: string
  /** Permissions, such as 0o755. */
  readonly mode: number
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

/** What a bundle has of a file but for its content: an artifact of one layer, as ORAS makes them. */
export interface FileArtifact {
  readonly reference: Reference
  readonly manifest: Descriptor
  /** Documents that are small and made here. */
  readonly documents: readonly Uint8Array[]
}

export const FILE_TYPE = 'application/vnd.nodeseed.file.v1'
const EMPTY = new TextEncoder().encode('{}')
const TITLE = 'org.opencontainers.image.title'
const MODE = 'dev.nodeseed.file.mode'
/** No registry has this name, now or later: RFC 6761. What is not here can be had from nobody. */
const DOMAIN = 'nodeseed.invalid'
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/**
 * A file as an artifact: the same name, mode and content are the same artifact. Its reference is `nodeseed.invalid/files` with
 * the name as the tag, where that can be one.
 *
 * @throws {ExpectedError} INPUT_INVALID for a name that no file should have
 */
export function fileArtifact({ name, mode, digest, size }: PlainFile): FileArtifact {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new ExpectedError('INPUT_INVALID', `${JSON.stringify(name)}: ${problem}`)
  const annotations = { [TITLE]: name, [MODE]: mode.toString(8).padStart(4, '0') }
  const layer = { mediaType: 'application/octet-stream', digest, size, annotations }
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(EMPTY), size: EMPTY.length }
  const body = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: FILE_TYPE, config, layers: [layer] }
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const manifest = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length }
  const isTag = TAG.test(name)
  const version = { tag: isTag ? name : undefined, digest: isTag ? undefined : manifest.digest }
  return { reference: { domain: DOMAIN, path: 'files', ...version }, manifest, documents: [bytes, EMPTY] }
}

/** Whether something is a plain file and nothing else: under no name that a node, or anybody, could ask a registry for. */
export function isPlainFile({ reference, names, platforms, artifacts = [] }: LockedImage): boolean {
  const isKept = [reference, ...names].every((name) => name.startsWith(`${DOMAIN}/`))
  return isKept && platforms.length === 0 && artifacts.every(({ artifactType }) => artifactType === FILE_TYPE)
}

/**
 * The files among what a bundle holds.
 *
 * @throws {ExpectedError} BUNDLE_INVALID for one with a name that leads elsewhere, or of two with one name
 */
export function filesAmong(images: readonly LockedImage[], where: string): PlainFile[] {
  const files = images.flatMap(({ artifacts = [] }) =>
    artifacts
      .filter(({ artifactType }) => artifactType === FILE_TYPE)
      .flatMap(({ blobs: [, ...layers] }) => layers.map((layer) => plainFile(layer, where))),
  )
  const byName = new Map<string, PlainFile>()
  for (const file of files) {
    const known = byName.get(file.name)
    if (known && known.digest !== file.digest) {
      throw new ExpectedError('BUNDLE_INVALID', `${where}: holds two files named ${file.name}`)
    }
    byName.set(file.name, file)
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function plainFile({ digest, size, annotations = {} }: Descriptor, where: string): PlainFile {
  const { [TITLE]: name = '', [MODE]: mode = '' } = annotations
  const problem = nameProblem(name) ?? (/^0?[0-7]{3}$/.test(mode) ? undefined : `has the mode ${JSON.stringify(mode)}`)
  if (problem === undefined) return { name, mode: Number.parseInt(mode, 8), digest, size }
  throw new ExpectedError('BUNDLE_INVALID', `${where}: the file ${JSON.stringify(name)}: ${problem}`, {
    hint: 'No nodeseed makes such a bundle: get it again from where it was made.',
  })
}

/** Why a name is none of a file that may be written into any directory; undefined where it is one. */
function nameProblem(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) return 'is not the name of a file alone'
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name)) return 'has signs in its name that cannot be shown'
  if (new TextEncoder().encode(name).length > 255) return 'has a name that is longer than file systems take'
  return undefined
}
