import type { Lock, LockedImage, LockedPlatform } from '../../src/bundle/format/lock.ts'
import { type ExtraFile, planBundle } from '../../src/bundle/format/plan.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { normalizePlatform } from '../../src/oci/platform.ts'
import { criForm, parseReference } from '../../src/oci/reference.ts'
import type { RegistryContent } from '../../src/server/registry/content.ts'

/** Writes a bundle of every tag of the content without a registry in between: all platforms, or one architecture. */
export async function writeBundleOf(
  content: RegistryContent,
  path: string,
  { architecture, extraFiles = [] }: { architecture?: string; extraFiles?: readonly ExtraFile[] } = {},
): Promise<Lock> {
  const images: LockedImage[] = []
  for (const repository of content.repositories()) {
    for (const tag of content.tags(repository)) {
      const image = await lockedImage(content, repository, tag)
      const platforms = image.platforms.filter(
        ({ platform }) => platform.architecture === (architecture ?? platform.architecture),
      )
      images.push({ ...image, platforms })
    }
  }
  const lock: Lock = { version: 1, images }
  const plan = planBundle(lock, extraFiles)
  const writer = await BundleWriter.create(path, plan)
  for (const { blob } of plan.files) if (blob) await copy(content, blob, writer)
  await writer.commit()
  return lock
}

async function lockedImage(content: RegistryContent, repository: string, tag: string): Promise<LockedImage> {
  const target = await describe(content, repository, tag)
  const document = await documentOf(content, repository, target)
  const children = document.kind === 'index' ? document.manifests : [target]
  const platforms = children.map(async (child): Promise<LockedPlatform> => {
    const manifest = await documentOf(content, repository, child)
    if (manifest.kind === 'index') throw new Error('an index in an index')
    const platform = child.platform ?? normalizePlatform({ os: 'linux', architecture: 'amd64' })
    return { platform, manifest: child, config: manifest.config, layers: manifest.layers }
  })
  const reference = `${repository}:${tag}`
  const names = [reference, criForm(parseReference(`${repository}@${target.digest}`))]
  return { reference, names, target, platforms: await Promise.all(platforms) }
}

async function describe(content: RegistryContent, repository: string, reference: string): Promise<Descriptor> {
  const found = await content.findManifest(repository, reference)
  if (!found) throw new Error(`${repository}: no ${reference}`)
  return found
}

async function documentOf(content: RegistryContent, repository: string, { digest }: Descriptor) {
  const found = await content.findManifest(repository, digest)
  if (!found) throw new Error(`${repository}: no ${digest}`)
  return parseManifest(await bytesOf(content, found), found.mediaType, repository)
}

async function bytesOf(content: RegistryContent, { digest, size }: Descriptor): Promise<Buffer> {
  const bytes = Buffer.alloc(size)
  await (await content.openBlob(digest, 0, size)).read(bytes, 0)
  return bytes
}

async function copy(content: RegistryContent, { digest, size }: Descriptor, writer: BundleWriter): Promise<void> {
  const target = writer.blob(digest)
  for (const repository of content.repositories()) {
    const manifest = await content.findManifest(repository, digest)
    if (!manifest) continue
    await target.write(await bytesOf(content, manifest))
    return target.end()
  }
  const bytes = Buffer.alloc(size)
  await (await content.openBlob(digest, 0, size)).read(bytes, 0)
  await target.write(bytes)
  await target.end()
}
