import type { LockedImage } from '../bundle/format/lock.ts'
import { type NodePolicy, nodePolicy } from './node-policy/node-policy.ts'
import { type PolicyText, parsePolicies } from './policy/parse-policies.ts'
import { parseTrustedRoot } from './policy/trusted-root.ts'

/**
 * What nodes need that are to ask for the signatures of a bundle. It is here that all which that takes is loaded.
 *
 * @throws {ExpectedError} INPUT_INVALID for a file that is no policy or no trusted root
 */
export function policiesForNodes(
  images: readonly LockedImage[],
  { policies, trustedRoot }: { policies: readonly PolicyText[]; trustedRoot: PolicyText | undefined },
  { registry }: { readonly registry: string | undefined },
): NodePolicy {
  const trusted = trustedRoot && parseTrustedRoot(trustedRoot.text, trustedRoot.file)
  return nodePolicy(images, parsePolicies(policies, trusted), { registry })
}
