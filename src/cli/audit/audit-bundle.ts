import { isPlainFile } from '../../bundle/files/file-artifact.ts'
import type { LockedContent } from '../../bundle/format/bundle.ts'
import type { Lock } from '../../bundle/format/lock.ts'
import { replayProblem } from '../../bundle/lock/edition.ts'
import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import { beginsAsArchive, isDirectory } from '../../layout/open-content.ts'
import type { Digest } from '../../oci/digest.ts'
import { carriedFindings } from '../bundles/carried-bundle.ts'
import { readLockOf } from '../bundles/lock-file.ts'
import { openImages } from '../bundles/trusted-bundle.ts'
import { readText } from '../texts/read-text.ts'
import { readImageUsers } from './image-users.ts'

interface BundleFlags {
  readonly bundle?: string | undefined
  readonly key?: string | undefined
  readonly 'newer-than'?: string | undefined
  readonly 'policy-json'?: string | undefined
}

interface AuditBundle {
  readonly lock?: Lock
  /** As whom its images run that workloads leave that to; undefined where only a lock is told. */
  readonly imageUsers?: ReadonlyMap<Digest, string>
  readonly findings: readonly Finding[]
}

/**
 * What the bundle of an audit holds, and what is to be said of it; with a key only where it signed the bundle, and no
 * edition that is older than one that is held.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID, BUNDLE_INVALID
 */
export async function readAuditBundle(flags: BundleFlags, workloads: readonly Workload[] = []): Promise<AuditBundle> {
  const { bundle, key, 'newer-than': held, 'policy-json': policy } = flags
  if (bundle === undefined) return { findings: [] }
  const read =
    (await beginsAsArchive(bundle)) || (await isDirectory(bundle))
      ? await readBundle(bundle, { key, policy, workloads })
      : await readLock(bundle, { key, policy })
  const problem = held === undefined ? undefined : replayProblem(read.lock, await readLockOf(held))
  if (problem === undefined) return read
  throw new ExpectedError('BUNDLE_INVALID', `${bundle} must not take the place of ${held}: ${problem}`, {
    hint: 'Audit with the newest edition, or leave --newer-than out.',
  })
}

interface Read {
  readonly key: string | undefined
  /** The policy.json of nodes. */
  readonly policy: string | undefined
}

async function readLock(path: string, { key, policy }: Read): Promise<{ lock: Lock; findings: Finding[] }> {
  if (policy === undefined) return { lock: await readLockOf(path, { key }), findings: [] }
  throw new ExpectedError('INPUT_INVALID', `${path}: is a lock, and --policy-json looks at signatures`, {
    hint: 'Name the bundle: signatures are in it.',
  })
}

async function readBundle(
  path: string,
  { key, policy, workloads }: Read & { readonly workloads: readonly Workload[] },
): Promise<AuditBundle & { readonly lock: Lock }> {
  const content = await openImages(path, { key })
  try {
    const carried = content instanceof BundleFile ? carriedFindings(content) : []
    const refused = policy === undefined ? [] : await refusedByNodes(content, policy)
    const imageUsers = await readImageUsers(content, workloads)
    return { lock: content.lock, imageUsers, findings: [...(content.leftOut ?? []), ...carried, ...refused] }
  } finally {
    await content.close()
  }
}

/** What that policy.json makes of the images, by the signatures that the bundle has. */
async function refusedByNodes(content: LockedContent, file: string): Promise<Finding[]> {
  const { nodePolicyFindings } = await import('../../signatures/node-policy/judge-node-policy.ts')
  const text = await readText(file)
  const pulled = content.lock.images.filter((image) => !isPlainFile(image))
  return nodePolicyFindings(pulled, { text, file }, ({ digest }) => content.readDocument(digest))
}
