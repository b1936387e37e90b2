import type { LockedImage } from '../bundle/format/lock.ts'
import { type CheckedImage, checkImages, type SignaturePort } from './check/check-images.ts'
import { type PolicyText, parsePolicies } from './policy/parse-policies.ts'
import { parseTrustedRoot } from './policy/trusted-root.ts'

/**
 * What the policies of files say of images. It is here that all which signatures take is loaded.
 *
 * @throws {ExpectedError} INPUT_INVALID for a file that is no policy or no trusted root; what the port throws
 */
export async function verifySignatures(
  images: readonly LockedImage[],
  { policies, trustedRoot }: { policies: readonly PolicyText[]; trustedRoot: PolicyText | undefined },
  port: SignaturePort,
): Promise<CheckedImage[]> {
  const trusted = trustedRoot && parseTrustedRoot(trustedRoot.text, trustedRoot.file)
  return checkImages(images, parsePolicies(policies, trusted), port)
}
