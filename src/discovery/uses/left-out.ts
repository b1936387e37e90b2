import { type Finding, finding } from '../../finding.ts'
import { PULL_POLICIES, type PullPolicy } from '../../kubernetes/objects/pull-policy.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { ImageUse } from './image-use.ts'

const NO_POLICY = `Correct its imagePullPolicy, which is none of ${PULL_POLICIES.join(', ')}, and run it again.`

/** The images that only uses under other policies name, each once, with the first place that names it. */
export function leftOutByPolicy(uses: readonly ImageUse[], policies: readonly string[]): Finding[] {
  const isTaken = ({ policy }: ImageUse) => policy === undefined || policies.includes(policy)
  const taken = new Set(uses.filter(isTaken).map(({ image }) => image))
  const others = uses.filter((use) => !isTaken(use) && !taken.has(use.image))
  return firstUses(others).map(({ image, policy, file, line }) => {
    const code = policy === 'Always' ? 'LEFT_OUT_ALWAYS' : 'LEFT_OUT_BY_POLICY'
    const hint = PULL_POLICIES.includes(policy as PullPolicy) ? undefined : NO_POLICY
    return finding(code, `${image} is left out: its pull policy is ${policy}`, { subject: image, hint, file, line })
  })
}

/** The images that only uses which are less sure than asked for name. */
export function leftOutAsUnsure(unsure: readonly ImageUse[], uses: readonly ImageUse[]): Finding[] {
  const taken = new Set(uses.map(({ image }) => image))
  return firstUses(unsure.filter(({ image }) => !taken.has(image))).map(({ image, why, file, line }) => {
    return finding('LEFT_OUT_AS_UNSURE', `${image} may be an image: ${why}`, { subject: image, file, line })
  })
}

/** The images that only earlier revisions of live workloads name. */
export function ofThePast(past: readonly ImageUse[], uses: readonly ImageUse[]): Finding[] {
  const taken = new Set(uses.map(({ image }) => image))
  return firstUses(past.filter(({ image }) => !taken.has(image))).map(({ image, workload, file, line }) => {
    const message = `${image} is not taken: only ${nameOfResource(workload)} names it, which runs nothing any more`
    return finding('REVISION_PAST', message, { subject: image, file, line })
  })
}

/** One use for each image; what does not parse has findings of its own. */
function firstUses(uses: readonly ImageUse[]): ImageUse[] {
  const first = new Map<string, ImageUse>()
  for (const use of uses) if (use.image !== undefined && !first.has(use.image)) first.set(use.image, use)
  return [...first.values()]
}
