import { ImagesFailedError } from '../bundle/failure.ts'
import { fillBundle } from '../bundle/fill/fill.ts'
import { carriedFiles } from '../bundle/format/node-files.ts'
import { type BundlePlan, planBundle } from '../bundle/format/plan.ts'
import { type LockResult, lockImages } from '../bundle/lock/lock.ts'
import { readNodeScript } from '../cli/files/node-script.ts'
import { BundleWriter } from '../layout/bundle-writer.ts'
import type { Platform } from '../oci/platform.ts'
import { parseReference } from '../oci/reference.ts'
import type { RegistryClient } from '../registry/client/registry-client.ts'

/** What `nodeseed lock` does. */
export async function lockAll(
  images: readonly string[],
  platforms: readonly Platform[],
  client: RegistryClient,
): Promise<LockResult> {
  const result = await lockImages(images.map(parseReference), platforms, client)
  if (result.failures.length > 0) throw new ImagesFailedError(result.failures, images.length)
  return result
}

/** What `nodeseed bundle` does with a lock. */
export async function writeBundle(file: string, { lock }: LockResult, client: RegistryClient): Promise<BundlePlan> {
  const plan = planBundle(lock, carriedFiles(lock, await readNodeScript()))
  const writer = await BundleWriter.create(file, plan)
  try {
    const { failures } = await fillBundle({ lock, files: plan.files }, client, writer)
    if (failures.length > 0) throw new ImagesFailedError(failures, lock.images.length)
    await writer.commit()
  } catch (error) {
    await writer.leave()
    throw error
  }
  return plan
}
