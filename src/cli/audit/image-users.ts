import { leavesUser } from '../../audit/classes/audited-pod.ts'
import { nameOnNode } from '../../audit/facts/images/image-lookup.ts'
import type { LockedContent } from '../../bundle/format/bundle.ts'
import { ExpectedError } from '../../errors.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { podImages } from '../../kubernetes/objects/pod-images.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseJson } from '../../oci/json.ts'

/**
 * The `User` of each image that a workload leaves it to not to be root, by the digest of its config; only such configs
 * are read, and what is not there or says nothing is left out.
 *
 * @throws {ExpectedError} BUNDLE_INVALID, CONTENT_MISMATCH
 */
export async function readImageUsers(
  content: Pick<LockedContent, 'lock' | 'readDocument'>,
  workloads: readonly Workload[],
): Promise<Map<Digest, string>> {
  const asked = workloads.flatMap(({ podSpec }) => podImages(podSpec).filter((image) => leavesUser(image, podSpec)))
  const names = new Set(asked.map(({ reference }) => nameOnNode(reference)))
  const images = content.lock.images.filter((image) => image.names.some((name) => names.has(name)))
  const users = new Map<Digest, string>()
  for (const { config } of images.flatMap(({ platforms }) => platforms)) {
    const user = await userIn(content, config.digest)
    if (user !== undefined) users.set(config.digest, user)
  }
  return users
}

async function userIn(content: Pick<LockedContent, 'readDocument'>, digest: Digest): Promise<string | undefined> {
  try {
    const user = valueAt(parseJson(await content.readDocument(digest)), ['config', 'User']) ?? ''
    return typeof user === 'string' ? user : undefined
  } catch (error) {
    const isGone = error instanceof ExpectedError && error.code === 'BLOB_UNKNOWN'
    if (isGone || error instanceof SyntaxError) return undefined
    throw error
  }
}
