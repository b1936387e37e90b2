import { mayLackSandboxImage, mountsArtifacts } from '../../kubernetes/kubelet/node-support.ts'
import { verifiesPreloaded } from '../../kubernetes/objects/kubelet-config.ts'
import { platformOfNode } from '../../kubernetes/objects/node.ts'
import { mayDefaultByDigest } from '../../kubernetes/objects/pull-policy.ts'
import type { AuditedImage, AuditedPod } from '../classes/audited-pod.ts'
import type { AuditedNode } from '../facts/audited-node.ts'
import type { Conditions } from '../facts/conditions.ts'
import { isShortName, resolvesShortNames } from '../facts/short-names.ts'
import { artifactOutcome } from './artifact-rules.ts'
import { builtForOthers, type ImageReason, imageOutcome } from './image-rules.ts'
import { mirrorHas } from './mirror.ts'
import { mayPassMirror, passesMirror, withPinned } from './openshift-rules.ts'
import type { Outcome } from './outcome.ts'

/** What becomes of the sandbox and of each image of a pod once it is on a node. */
export function imageStep(
  { images, pod }: Pick<AuditedPod, 'images' | 'pod'>,
  node: AuditedNode,
  conditions: Conditions,
): Outcome<ImageReason>[] {
  return [...sandboxOutcome(node, conditions, pod.handler), ...imageOutcomes(images, node, conditions)]
}

/** An image of a pod, or one that something else names. */
type AskedImage = Pick<AuditedImage, 'reference' | 'name' | 'policy' | 'locked'> & {
  readonly path?: AuditedImage['path']
  readonly policyFrom?: string | undefined
}

/** What becomes of each image on a node. */
export function imageOutcomes(
  images: readonly AskedImage[],
  node: AuditedNode,
  conditions: Conditions,
): Outcome<ImageReason>[] {
  const platform = platformOfNode(node.node)
  const asks = resolvesShortNames(node.node)
  return images.map((image) => {
    const presence = image.name === undefined ? { present: false, why: '' } : node.presenceOf(image.name)
    const alwaysVerify = image.name !== undefined && verifiesPreloaded(node.kubelet, image.name)
    const usage = image.path && (image.path[0] === 'volumes' ? 'volume' : 'container')
    const facts = { ...conditions, alwaysVerify, mountsArtifacts: mountsArtifacts(node.node) }
    const judge = (policy: string) => imageOutcome({ ...image, policy, presence, usage }, platform, facts)
    const outcome = judge(image.policy)
    if (mayBeNotPresent(image, conditions) && judge('IfNotPresent').starts !== outcome.starts) return unread(image)
    if (outcome.starts && mayPassMirror(image.reference, node.node, conditions)) {
      const without = imageOutcome({ ...image, presence, usage }, platform, { ...facts, hasMirror: false })
      if (!without.starts) return passesMirror(image.reference)
    }
    if (asks && outcome.starts && isShortName(image.reference)) return shortNameOutcome(image.reference)
    return withPinned(outcome, image, node.node, conditions)
  })
}

/** Whether an API server of a version that nobody has read fills in the policy. */
function mayBeNotPresent({ reference, policyFrom }: AskedImage, { apiServerMinor }: Conditions): boolean {
  return policyFrom === 'default' && apiServerMinor !== undefined && mayDefaultByDigest(reference, apiServerMinor)
}

function unread({ reference }: AskedImage): Outcome<ImageReason> {
  const message = `${reference}: without imagePullPolicy it is pulled Always up to Kubernetes 1.37; what this newer one does is not known (KEP-6083), so set it`
  return { starts: null, reason: 'ImageUnknown', message }
}

function shortNameOutcome(reference: string): Outcome<ImageReason> {
  const message = `${reference}: CRI-O asks registries.conf, which is not known here, what a name without a registry means`
  return { starts: null, reason: 'ImageUnknown', message }
}

function sandboxOutcome(
  node: AuditedNode,
  conditions: Conditions,
  handler: string | undefined,
): Outcome<ImageReason>[] {
  const name = conditions.sandboxImage
  const locked = conditions.lock?.images.find(({ names }) => name !== undefined && names.includes(name))
  const misuse = name === undefined ? undefined : artifactOutcome({ name, locked }, 'container', undefined)
  if (misuse) return [misuse]
  const mirrored = mirrorHas(conditions, locked)
  if (!name || mirrored) return []
  const presence = node.presenceOf(name)
  const { present, why } = presence
  if (present === true) {
    const misfit = builtForOthers(presence, platformOfNode(node.node))
    return misfit ? [{ ...misfit, message: `sandbox image ${name} ${misfit.message}` }] : []
  }
  if (mirrored === undefined) {
    const message = `sandbox image ${name}: whether the mirror has it is not known: nobody told what it serves`
    return [{ starts: null, reason: 'ImageUnknown', message }]
  }
  if (present === undefined) return [{ starts: null, reason: 'ImageUnknown', message: `sandbox image ${name}: ${why}` }]
  if (mayLackSandboxImage(node.node, handler)) {
    const message = `sandbox image ${name} is not on the node, and whether the handler ${handler} needs one is not known (disable_pause_image_pull)`
    return [{ starts: null, reason: 'ImageUnknown', message }]
  }
  const message = `sandbox image ${name} is not on the node (FailedCreatePodSandBox)`
  return [{ starts: false, reason: 'SandboxImageMissing', message }]
}
