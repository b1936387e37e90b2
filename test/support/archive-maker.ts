import { posix } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Header } from 'tar-stream'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { blobName } from '../../src/oci/content/image-layout.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { type Blobs, tarOf } from './image-maker.ts'

/** A file of an archive, or with a `linkname` a link. */
export type ArchiveFile = [header: Partial<Header> & { name: string }, content: Buffer | string]

/** The tag of an image without docker's default domain, as docker writes it. */
function tagsOf({ names }: LockedImage): string[] {
  return names.filter((name) => !name.includes('@')).map((name) => name.replace(/^docker\.io\/(?:library\/)?/, ''))
}

/**
 * The files of what `docker save` of docker 1.10 to 24 writes: layers unpacked, in a directory each; a layer that was
 * saved already is a symbolic link. With `gzip` layers are as a registry has them, as `skopeo` and `crane` leave them.
 */
export function dockerFiles(images: readonly LockedImage[], blobs: Blobs, { gzip = false } = {}): ArchiveFile[] {
  const files: ArchiveFile[] = []
  const saved = new Map<Digest, string>()
  const listed = images.map((image, at) => {
    const [{ config, layers }] = [image.platforms[0]!]
    const name = `${config.digest.slice(7)}.json`
    files.push([{ name }, blobs.get(config.digest)!])
    const paths = layers.map(({ digest }, index) => {
      const content = gzip ? blobs.get(digest)! : gunzipSync(blobs.get(digest)!)
      const path = `${digestOf(`${at} ${index}`).slice(7)}/layer.tar`
      const known = saved.get(digest)
      saved.set(digest, known ?? path)
      const linkname = known && posix.relative(posix.dirname(path), known)
      files.push([linkname ? { name: path, type: 'symlink', linkname } : { name: path }, linkname ? '' : content])
      return path
    })
    return { Config: name, RepoTags: tagsOf(image), Layers: paths }
  })
  return [...files, [{ name: 'manifest.json' }, JSON.stringify(listed)], [{ name: 'repositories' }, '{}']]
}

/** The files of what `imgpkg copy --to-tar` writes of images: each with its reference by digest and its tag. */
export function imgpkgFiles(images: readonly LockedImage[], blobs: Blobs): ArchiveFile[] {
  const text = (digest: Digest) => blobs.get(digest)!.toString()
  const one = ({ manifest, config, layers }: LockedImage['platforms'][number]) => ({
    Config: { Digest: config.digest, Raw: text(config.digest) },
    Manifest: { MediaType: manifest.mediaType, Digest: manifest.digest, Raw: text(manifest.digest) },
    Layers: layers.map(({ mediaType, digest, size }) => ({
      MediaType: mediaType,
      Digest: digest,
      DiffID: '',
      Size: size,
    })),
  })
  const listed = images.map(({ names, target, platforms }) => {
    const common = {
      Refs: names.filter((name) => name.includes('@')),
      Tag:
        names
          .find((name) => !name.includes('@'))
          ?.split(':')
          .at(-1) ?? '',
    }
    if (platforms[0]?.manifest.digest === target.digest)
      return { ImageIndex: null, Image: { ...common, ...one(platforms[0]) } }
    const { mediaType: MediaType, digest } = target
    const index = { MediaType, Digest: digest, Raw: text(digest), Images: platforms.map(one), Indexes: null }
    return { ImageIndex: { ...common, ...index }, Image: null }
  })
  const layers = new Set(
    images.flatMap(({ platforms }) => platforms.flatMap((one) => one.layers.map(({ digest }) => digest))),
  )
  return [
    [{ name: 'manifest.json' }, JSON.stringify(listed)],
    ...[...layers].map((digest): ArchiveFile => [{ name: `${digest.replace(':', '-')}.tar.gz` }, blobs.get(digest)!]),
  ]
}

/** The files of an OCI image layout; `annotate` says what an entry of its index says of an image. */
export function layoutFiles(entries: readonly object[], blobs: Blobs, directory = ''): ArchiveFile[] {
  return [
    [{ name: `${directory}oci-layout` }, '{"imageLayoutVersion":"1.0.0"}'],
    [{ name: `${directory}index.json` }, JSON.stringify({ schemaVersion: 2, manifests: entries })],
    ...[...blobs].map(([digest, content]): ArchiveFile => [{ name: `${directory}${blobName(digest)}` }, content]),
  ]
}

/**
 * The files of a haul, as hauler 2.0.3 writes it: a layout without its marker, and a `manifest.json` in which an image for
 * several platforms is there once for each, under one name.
 */
export function haulerFiles(images: readonly LockedImage[], blobs: Blobs): ArchiveFile[] {
  const listed = images.flatMap(({ reference, platforms }) =>
    platforms.map(({ config, layers }) => ({
      ...{ Config: blobName(config.digest), RepoTags: [reference] },
      Layers: layers.map(({ digest }) => blobName(digest)),
    })),
  )
  const files = layoutFiles(haulerEntries(images), blobs).filter(([{ name }]) => name !== 'oci-layout')
  return [...files, [{ name: 'manifest.json' }, JSON.stringify(listed)]]
}

/** Entries of an index as hauler writes them: the tag in both annotations, with and without the registry. */
export function haulerEntries(images: readonly LockedImage[]): object[] {
  return images.map(({ reference, target, platforms }) => ({
    ...target,
    annotations: {
      kind: `dev.hauler/${platforms.length > 1 ? 'imageIndex' : 'image'}`,
      'io.containerd.image.name': reference,
      'org.opencontainers.image.ref.name': reference.slice(reference.indexOf('/') + 1),
    },
  }))
}

/** Entries of an index as zarf writes them. */
export function zarfEntries(images: readonly LockedImage[]): object[] {
  return images.map(({ reference, target }) => ({
    ...target,
    annotations: { 'org.opencontainers.image.base.name': reference },
  }))
}

export function archiveOf(files: readonly ArchiveFile[]): Promise<Buffer> {
  return tarOf([...files])
}
