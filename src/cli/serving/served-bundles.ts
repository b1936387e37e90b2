import { goesBack } from '../../bundle/delta/stale-input.ts'
import type { Lock } from '../../bundle/format/lock.ts'
import { ExpectedError } from '../../errors.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import type { Content } from '../../oci/content/content.ts'
import { quote } from '../../quote.ts'
import { BundleContent } from '../../server/registry/bundle-content.ts'
import { openImages } from '../bundles/trusted-bundle.ts'
import { describeRequired } from '../deltas/describe-delta.ts'
import { patchedContents } from '../deltas/patched-contents.ts'
import { omissionsOf, renderOmissions } from '../output/omissions.ts'
import { say } from '../output/streams.ts'

/**
 * Opens bundles as the content of one registry: all of them, or none. Layers that a delta brings as patches are made of the
 * other files when somebody asks for them. What signed bundles were `served` before is not gone
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
  const made: Content[] = []
  const close = async () => {
    await Promise.all([...made, ...bundles].map((content) => content.close()))
  }
  const failed = opened.find((result) => result.status === 'rejected')
  const omissions = omissionsOf(bundles.flatMap(({ leftOut = [] }) => leftOut))
  if (omissions.length > 0) say(renderOmissions(omissions))
  const problem = key === undefined || failed ? undefined : replayed(bundles, served)
  try {
    if (failed ?? problem) throw failed ? failed.reason : problem
    made.push(...(await patchedContents(bundles)))
    sayLacking([...bundles, ...made])
    return { content: new BundleContent(bundles, { checkFirst: key !== undefined, made }), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A delta whose base is not served: who pulls its images is told that layers are not there. */
function sayLacking(contents: readonly Content[]): void {
  for (const content of contents) {
    if (!(content instanceof BundleFile)) continue
    const { requires = [] } = content.table
    const nowhere = requires.filter(({ digest }) => !contents.some(({ blobs }) => blobs.has(digest)))
    if (nowhere.length === 0) continue
    say(
      `warning: ${content.path} is a delta, and ${describeRequired(nowhere)} that it needs are in no file that is served: images that have them cannot be pulled. Name its base too: nodeseed serve BASE ${quote(content.path)}`,
    )
  }
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
