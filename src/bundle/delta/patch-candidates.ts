import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { parseReference, repositoryName } from '../../oci/reference.ts'
import type { Lock, LockedImage } from '../format/lock.ts'

/** A layer that is new, and the one of the base that it is likely to be an update of. */
export interface PatchCandidate {
  readonly layer: Descriptor
  readonly base: Descriptor
  /** The image that has the layer, as its lock names it. */
  readonly reference: string
}

/**
 * For each layer that the base does not have, the base's layer at the same place of the same repository's image, for the
 * same platform. Where the base has no such image, that of the image which shares most layers with this one.
 */
export function patchCandidates(
  lock: Lock,
  base: Lock,
  { isNew, isThere }: { isNew: (layer: Digest) => boolean; isThere: (layer: Digest) => boolean },
): PatchCandidate[] {
  const found = new Map<Digest, PatchCandidate>()
  const known = base.images.flatMap(stacksOf)
  for (const { repository, platform, layers, reference } of lock.images.flatMap(stacksOf)) {
    if (!layers.some(({ digest }) => isNew(digest) && !found.has(digest))) continue
    const similar = known.filter((other) => other.platform === platform)
    const own = similar.find((other) => other.repository === repository)
    const stack = own ?? mostShared(layers, similar)
    for (const [index, layer] of layers.entries()) {
      const old = stack?.layers[index]
      if (!old || !isNew(layer.digest) || !isThere(old.digest) || found.has(layer.digest)) continue
      found.set(layer.digest, { layer, base: old, reference })
    }
  }
  return [...found.values()]
}

/** An image on one platform. */
interface LayerStack {
  readonly reference: string
  readonly repository: string
  readonly platform: string
  readonly layers: readonly Descriptor[]
}

function stacksOf({ reference, platforms }: LockedImage): LayerStack[] {
  const repository = repositoryName(parseReference(reference))
  return platforms.map(({ platform, layers }) => ({
    reference,
    repository,
    platform: formatPlatform(platform),
    layers,
  }))
}

function mostShared(layers: readonly Descriptor[], stacks: readonly LayerStack[]): LayerStack | undefined {
  const own = new Set(layers.map(({ digest }) => digest))
  const shared = (stack: LayerStack) => stack.layers.filter(({ digest }) => own.has(digest)).length
  const best = stacks.reduce<{ stack?: LayerStack; count: number }>(
    (most, stack) => {
      const count = shared(stack)
      return count > most.count ? { stack, count } : most
    },
    { count: 0 },
  )
  return best.stack
}
