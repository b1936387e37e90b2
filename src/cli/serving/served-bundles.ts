import { BundleContent } from '../../server/registry/bundle-content.ts'
import { openImages } from '../bundles/trusted-bundle.ts'
import { omissionsOf, renderOmissions } from '../output/omissions.ts'
import { say } from '../output/streams.ts'

/**
 * Opens bundles as the content of one registry: all of them, or none.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, BUNDLE_INVALID
 */
export async function openServedBundles(
  files: readonly string[],
  { key }: { key?: string | undefined },
): Promise<{ content: BundleContent; close(): Promise<void> }> {
  const opened = await Promise.allSettled(files.map((file) => openImages(file, { key })))
  const bundles = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const close = async () => {
    await Promise.all(bundles.map((bundle) => bundle.close()))
  }
  const failed = opened.find((result) => result.status === 'rejected')
  const omissions = omissionsOf(bundles.flatMap(({ leftOut = [] }) => leftOut))
  if (omissions.length > 0) say(renderOmissions(omissions))
  if (!failed) return { content: new BundleContent(bundles, { checkFirst: key !== undefined }), close }
  await close()
  throw failed.reason
}
