import { BUNDLE_TABLE } from '../../bundle/format/table.ts'
import { BLOCK } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { ByteFile } from '../files/byte-file.ts'
import { isHeader } from '../tar/tar-header.ts'
import { followLinks, indexTar, type TarEntry, type TarIndex, withoutLinks } from '../tar/tar-index.ts'
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
  const index = await indexTar(file)
  const { entries } = index
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
    return OciLayout.openTar(file, below(withoutLinks(file, index), layout), nameKeys)
  }
  if (entries.has('manifest.json')) return openListed(file, index)
  throw unknownArchive(file, entries)
}

/** What has a `manifest.json` and no OCI layout. */
async function openListed(file: ByteFile, index: TarIndex): Promise<Content> {
  const entries = followLinks(file, index)
  const { bytes } = await readEntry(file, entries, 'manifest.json')
  const listed = parseEntry(file, 'manifest.json', bytes)
  if (!Array.isArray(listed)) throw invalid(file, 'manifest.json is no list of images')
  return listed.some(isOfImgpkg) ? openImgpkgArchive(file, entries, listed) : openDockerArchive(file, entries, listed)
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
