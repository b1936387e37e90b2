import type { LockedPlatform } from '../../bundle/format/lock.ts'
import { imageUserProblem } from '../../kubernetes/kubelet/containers/image-user.ts'
import { platformOfNode } from '../../kubernetes/objects/node.ts'
import type { AuditedImage, AuditedPod } from '../classes/audited-pod.ts'
import type { AuditedNode } from '../facts/audited-node.ts'
import type { Conditions } from '../facts/conditions.ts'
import { fitsPlatform } from '../facts/platform-blobs.ts'
import type { Outcome } from './outcome.ts'

type Users = Pick<Conditions, 'imageUsers'>

/** What the kubelet says of the users of images, where a pod leaves it to them not to be root. */
export function imageUserStep(
  { images }: Pick<AuditedPod, 'images'>,
  { node, presenceOf }: Pick<AuditedNode, 'node' | 'presenceOf'>,
  conditions: Users,
): Outcome<'Kubelet'>[] {
  const platform = platformOfNode(node)
  return images.flatMap((image): Outcome<'Kubelet'>[] => {
    if (!image.asksUser || platform?.os === 'windows') return []
    if (image.name !== undefined && presenceOf(image.name).isDrifted) {
      const message = `${image.reference} is another image on the node than in the bundle, and nothing tells as whom it runs: container ${image.container} has runAsNonRoot`
      return [{ starts: null, reason: 'Kubelet', message }]
    }
    const fitting = platformsOf(image).filter((one) => !platform || fitsPlatform(one.platform, platform))
    const users = fitting.flatMap(({ config }) => conditions.imageUsers?.get(config.digest) ?? [])
    const problems = users.flatMap((user) => imageUserProblem(user) ?? [])
    if (problems.length === 0) return []
    const message = `${image.reference} ${problems[0]}, and container ${image.container} has runAsNonRoot (CreateContainerConfigError)`
    return [{ starts: problems.length === fitting.length ? false : null, reason: 'Kubelet', message }]
  })
}

/** Whether it is told as whom an image runs, on every platform. */
export function isUserKnown(image: AuditedImage, { imageUsers }: Users): boolean {
  const held = platformsOf(image)
  return held.length > 0 && held.every(({ config }) => imageUsers?.has(config.digest))
}

function platformsOf({ locked }: AuditedImage): LockedPlatform[] {
  return locked?.platforms.filter(({ platform }) => platform.os !== 'windows') ?? []
}
