import { goesBack } from '../../bundle/delta/stale-input.ts'
import type { Lock } from '../../bundle/format/lock.ts'
import { ExpectedError } from '../../errors.ts'
import { BundleContent } from '../../server/registry/bundle-content.ts'
import { openImages } from '../bundles/trusted-bundle.ts'
import { omissionsOf, renderOmissions } from '../output/omissions.ts'
import { say } from '../output/streams.ts'

/**
 * Opens bundles as the content of one registry: all of them, or none. What signed bundles were `served` before is not gone
 * back from.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, BUNDLE_INVALID
 */
export async function openServedBundles(
  files: readonly string[],
  { key }: { key?: string | undefined },
  served: Map<string, Lock> = new Map(),
): Promise<{ content: BundleContent; close(): Promise<void> }> {
  const opened = await Promise.allSettled(files.map((file) => openImages(file, { key })))
  const bundles = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const close = async () => {
    await Promise.all(bundles.map((bundle) => bundle.close()))
  }
  const failed = opened.find((result) => result.status === 'rejected')
  const omissions = omissionsOf(bundles.flatMap(({ leftOut = [] }) => leftOut))
  if (omissions.length > 0) say(renderOmissions(omissions))
  const problem = key === undefined || failed ? undefined : replayed(bundles, served)
  if (!failed && !problem) return { content: new BundleContent(bundles, { checkFirst: key !== undefined }), close }
  await close()
  throw failed ? failed.reason : problem
}

/** Notes the newest edition of each set. Gives what is wrong where that is older than the one before, and notes nothing. */
function replayed(
  bundles: readonly { readonly path: string; readonly lock: Lock }[],
  served: Map<string, Lock>,
): ExpectedError | undefined {
  const newest = new Map<string, { path: string; lock: Lock }>()
  for (const { path, lock } of bundles) {
    const set = lock.edition?.set
    if (set === undefined) continue
    const other = newest.get(set)?.lock.edition?.number ?? 0
    if ((lock.edition?.number ?? 0) >= other) newest.set(set, { path, lock })
  }
  for (const [set, { path, lock }] of newest) {
    const before = served.get(set)
    const problem = before && goesBack(lock, before)
    if (!problem) continue
    return new ExpectedError('BUNDLE_INVALID', `${path} must not take the place of what was served: ${problem}`, {
      hint: 'Give a newer edition, or start the server anew to go back.',
    })
  }
  for (const [set, { lock }] of newest) served.set(set, lock)
  return undefined
}
