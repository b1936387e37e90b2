import type { Lock } from '../../bundle/format/lock.ts'
import { replayProblem } from '../../bundle/lock/edition.ts'
import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import { beginsAsArchive, isDirectory } from '../../layout/open-content.ts'
import { carriedFindings } from '../bundles/carried-bundle.ts'
import { readLockOf } from '../bundles/lock-file.ts'
import { openImages } from '../bundles/trusted-bundle.ts'

interface BundleFlags {
  readonly bundle?: string | undefined
  readonly key?: string | undefined
  readonly 'newer-than'?: string | undefined
}

/**
 * What the bundle of an audit holds, and what is to be said of it; with a key only where it signed the bundle, and no
 * edition that is older than one that is held.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID, BUNDLE_INVALID
 */
export async function readAuditBundle(flags: BundleFlags): Promise<{ lock?: Lock; findings: readonly Finding[] }> {
  const { bundle, key, 'newer-than': held } = flags
  if (bundle === undefined) return { findings: [] }
  const read =
    (await beginsAsArchive(bundle)) || (await isDirectory(bundle))
      ? await readBundle(bundle, key)
      : { lock: await readLockOf(bundle, { key }), findings: [] }
  const problem = held === undefined ? undefined : replayProblem(read.lock, await readLockOf(held))
  if (problem === undefined) return read
  throw new ExpectedError('BUNDLE_INVALID', `${bundle} must not take the place of ${held}: ${problem}`, {
    hint: 'Audit with the newest edition, or leave --newer-than out.',
  })
}

async function readBundle(path: string, key: string | undefined): Promise<{ lock: Lock; findings: Finding[] }> {
  const content = await openImages(path, { key })
  try {
    const carried = content instanceof BundleFile ? carriedFindings(content) : []
    return { lock: content.lock, findings: [...(content.leftOut ?? []), ...carried] }
  } finally {
    await content.close()
  }
}
