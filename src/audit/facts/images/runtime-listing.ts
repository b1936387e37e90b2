import { ExpectedError } from '../../../errors.ts'
import { isObject, objectsOf } from '../../../kubernetes/objects/resource.ts'
import { type Platform, parsePlatform } from '../../../oci/platform.ts'
import { isImageId } from './image-lookup.ts'
import { canonicalName, type ImageListing, type ListedImage, listing } from './node-images.ts'

/**
 * The images on a node, as its own runtime listed them: the output of `crictl images -o json`, `ctr -n k8s.io images ls`
 * (or `images check`, which also sees missing layers), or `docker images --digests`.
 *
 * @throws {ExpectedError} INPUT_INVALID for anything else.
 */
export function parseRuntimeListing(given: string, file: string): ImageListing {
  // As a shell of Windows passes it on.
  const text = given.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  const [heading = ''] = text.split('\n', 1)
  if (text.trimStart().startsWith('{')) return { ...listing('crictl images', crictlImages(text, file)), isFinal: true }
  if (/^REF\s+TYPE\s+DIGEST\s/.test(heading)) return { ...listing('ctr images', ctrImages(text)), isFinal: true }
  if (/^REPOSITORY\s+TAG\s+DIGEST\s/.test(heading))
    return { ...listing('docker images', dockerImages(text), idGap), isFinal: true }
  throw notAListing(file)
}

function idGap(name: string): string | undefined {
  return isImageId(name) ? 'docker images does not list whole IDs' : undefined
}

/** The fields of runtime.v1.Image as crictl prints them; sizes are texts there. */
function crictlImages(text: string, file: string): ListedImage[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notAListing(file)
  }
  if (!isObject(value) || !Array.isArray(value.images)) throw notAListing(file)
  return objectsOf<Record<string, unknown>>(value.images).map(({ id, repoTags, repoDigests, size, pinned }) => ({
    names: [id, repoTags, repoDigests].flat().filter((name) => typeof name === 'string'),
    bytes: Number(size ?? 0),
    ...(typeof pinned === 'boolean' && { isPinned: pinned }),
  }))
}

// REF TYPE DIGEST SIZE PLATFORMS LABELS, or for `check` REF TYPE DIGEST STATUS SIZE UNPACKED. Only STATUS and SIZE hold
// spaces.
const CTR_ROW = /^(\S+)\s+\S+\s+(\w+:[0-9a-f]+)\s+(.*)$/
const CTR_SIZE = /(?:^|\s)([\d.]+) ([KMGT]i)?B(?=\s|\/|$)/i
/** What stands between the size and the labels, `-` where the content does not tell. */
const CTR_PLATFORMS = /^[\d.]+ (?:[KMGT]i)?B\s+(\S+)/i
const UNITS: Record<string, number> = { ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 }

/** One image for each digest, under all of its records. A record `sha256:…` is the image's id. */
function ctrImages(text: string): ListedImage[] {
  const [heading = '', ...lines] = text.split('\n')
  const tellsPins = heading.includes('LABELS')
  const tellsPlatforms = heading.includes('PLATFORMS')
  const images = new Map<string, ListedImage>()
  for (const line of lines) {
    const [, name = '', digest = '', rest = ''] = CTR_ROW.exec(line) ?? []
    if (!name) continue
    const known = images.get(digest)
    const incomplete = /\bincomplete \(\d+\/\d+\)/.exec(rest)?.[0]
    const [, amount, unit = ''] = CTR_SIZE.exec(rest) ?? []
    images.set(digest, {
      names: [...(known?.names ?? []), name],
      digests: [digest],
      bytes: Math.round(Number(amount ?? 0) * (UNITS[unit.toLowerCase()] ?? 1)),
      ...(tellsPins && { isPinned: known?.isPinned === true || rest.includes('io.cri-containerd.pinned=pinned') }),
      ...(tellsPlatforms && { platforms: platformsOf(CTR_PLATFORMS.exec(rest)?.[1] ?? '-') }),
      ...(incomplete && { problem: `its content is ${incomplete}: layers are missing` }),
    })
  }
  return [...images.values()]
}

/** `linux/amd64,linux/arm/v7`, and since containerd 2 `windows(10.0.20348.1)/amd64`; none that is not a platform. */
function platformsOf(text: string): Platform[] {
  const names = text.split(',').map((name) => name.replace(/\([^)]*\)/, ''))
  return names.filter((name) => /^[a-z0-9_.-]+(?:\/[a-z0-9_.-]+){1,2}$/i.test(name)).map(parsePlatform)
}

function dockerImages(text: string): ListedImage[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): ListedImage[] => {
      const [repository, tag, digest] = line.split(/\s+/)
      if (!repository || !tag || !digest || repository === '<none>') return []
      const names = [
        ...(tag === '<none>' ? [] : [`${repository}:${tag}`]),
        ...(digest === '<none>' ? [] : [`${repository}@${digest}`]),
      ]
      const [, amount = '0', unit = ''] = /([\d.]+)([kMGT]?)B\s*$/.exec(line) ?? []
      const bytes = Math.round(Number(amount) * 1000 ** ' kMGT'.indexOf(unit || ' '))
      // Docker knows no pin.
      return [{ names: names.map(canonicalName), bytes, isPinned: false }]
    })
}

function notAListing(file: string): ExpectedError {
  return new ExpectedError('INPUT_INVALID', `${file}: not a list of images`, {
    hint: 'Write it on the node with: crictl images -o json; or ctr -n k8s.io images ls; or docker images --digests',
  })
}
