import { BUNDLE_TABLE } from '../../bundle/format/table.ts'
import { BLOCK } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { ByteFile } from '../files/byte-file.ts'
import { isHeader } from '../tar/tar-header.ts'
import { followLinks, indexTar, type TarEntry } from '../tar/tar-index.ts'
import { invalid, parseEntry, readEntry } from './archive-json.ts'
import { openDockerArchive } from './docker-archive.ts'
import { isOfImgpkg, openImgpkgArchive } from './imgpkg-archive.ts'
import { OciLayout } from './oci-layout.ts'

/** The programs whose archives are read, for help texts and hints. */
export const ARCHIVE_MAKERS = 'docker, podman, skopeo, ctr, hauler, zarf or imgpkg'

/** Where zarf's packages say what an image is called. */
const ZARF_NAME = 'org.opencontainers.image.base.name'

/**
 * Opens an archive that another program made: an OCI image layout, also inside a directory of the archive (zarf), a
 * docker archive, one of imgpkg. Takes the file over.
 *
 * @throws {ExpectedError} BUNDLE_INVALID
 */
export async function openArchive(file: ByteFile): Promise<Content> {
  if (!(await beginsAsTar(file))) throw noArchive(file)
  const { entries, others } = followLinks(await indexTar(file))
  const content = await openEntries(file, entries).catch((error) => {
    throw others.size > 0 ? withPassedOver(error, others) : error
  })
  if (others.size === 0) return content
  return Object.assign(content, { caveats: [...(content.caveats ?? []), passedOver(others)] })
}

async function openEntries(file: ByteFile, entries: ReadonlyMap<string, TarEntry>): Promise<Content> {
  if (entries.has(BUNDLE_TABLE)) throw packedAnew(file)
  const layouts = [...entries.keys()].filter((name) => /(?:^|\/)oci-layout$/.test(name)).map(directoryOf)
  // hauler's hauls have no marker, so that whoever imports one takes its manifest.json.
  if (layouts.length === 0 && entries.has('index.json') && hasBlobs(entries)) layouts.push('')
  const layout = layouts.includes('') ? '' : layouts[0]
  if (layouts.length > 1 && layout !== '') {
    throw invalid(file, `holds several OCI image layouts: ${layouts.join(', ')}`)
  }
  if (layout !== undefined) {
    const nameKeys = entries.has('zarf.yaml') ? [ZARF_NAME] : []
    return OciLayout.openTar(file, below(entries, layout), nameKeys)
  }
  if (entries.has('manifest.json')) return openListed(file, entries)
  throw unknownArchive(file, entries)
}

/** What has a `manifest.json` and no OCI layout. */
async function openListed(file: ByteFile, entries: ReadonlyMap<string, TarEntry>): Promise<Content> {
  const { bytes } = await readEntry(file, entries, 'manifest.json')
  const listed = parseEntry(file, 'manifest.json', bytes)
  if (!Array.isArray(listed)) throw invalid(file, 'manifest.json is no list of images')
  return listed.some(isOfImgpkg) ? openImgpkgArchive(file, entries, listed) : openDockerArchive(file, entries, listed)
}

/** How many of the entries that are no files are named. */
const MAX_NAMED = 5

/** Entries that are no files, which no image needs that can be read. */
function passedOver(others: ReadonlyMap<string, string>): string {
  const named = [...others].slice(0, MAX_NAMED).map(([name, what]) => `${JSON.stringify(name)} (${what})`)
  const more = others.size > MAX_NAMED ? ` and ${others.size - MAX_NAMED} more` : ''
  return `passed over as no file: ${named.join(', ')}${more}`
}

/** What fails may be for want of one of them. */
function withPassedOver(error: unknown, others: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof ExpectedError)) return error
  const { code, message, hint } = error
  return new ExpectedError(code, `${message}; ${passedOver(others)}`, { hint, cause: error })
}

/** Whether it may be a tar, be it a damaged one. */
async function beginsAsTar(file: ByteFile): Promise<boolean> {
  if (file.size < BLOCK) return false
  const block = await file.read(0, BLOCK)
  return isHeader(block) || block.toString('latin1', 257, 262) === 'ustar' || block.every((byte) => byte === 0)
}

function noArchive({ path }: ByteFile): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: neither a bundle nor an archive: it does not begin as one`, {
    hint: 'Make a bundle with: nodeseed bundle INPUT... -o FILE',
  })
}

function hasBlobs(entries: ReadonlyMap<string, TarEntry>): boolean {
  return [...entries.keys()].some((name) => name.startsWith('blobs/'))
}

function directoryOf(name: string): string {
  return name.slice(0, name.length - 'oci-layout'.length)
}

function below(entries: ReadonlyMap<string, TarEntry>, directory: string): ReadonlyMap<string, TarEntry> {
  if (directory === '') return entries
  const inside = [...entries].filter(([name]) => name.startsWith(directory))
  return new Map(inside.map(([name, entry]) => [name.slice(directory.length), entry]))
}

function unknownArchive(file: ByteFile, entries: ReadonlyMap<string, TarEntry>): ExpectedError {
  if (entries.has('repositories')) {
    return new ExpectedError('BUNDLE_INVALID', `${file.path}: an image archive of a docker before 1.10`, {
      hint: 'Load it into a newer docker and save it again: docker load -i FILE, docker save -o NEW IMAGE',
    })
  }
  if (entries.has('zarf.yaml')) {
    return new ExpectedError('BUNDLE_INVALID', `${file.path}: a zarf package without images`, {
      hint: 'Name a package whose components have images, or a package of the images themselves.',
    })
  }
  return new ExpectedError('BUNDLE_INVALID', `${file.path}: neither a bundle nor an archive of images`, {
    hint: `Name a bundle, an OCI image layout, or what ${ARCHIVE_MAKERS} saved, also with gzip or zstd.`,
  })
}

function packedAnew({ path }: ByteFile): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: holds ${BUNDLE_TABLE}, but not where a bundle has it`, {
    hint: 'Take the bundle as it was made: another program packed this one anew.',
  })
}
