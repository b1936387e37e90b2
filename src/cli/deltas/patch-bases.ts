import type { LockedContent } from '../../bundle/format/bundle.ts'
import { lockContent } from '../../bundle/lock/lock-content.ts'
import { ExpectedError } from '../../errors.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import { beginsAsArchive, isDirectory, openContent } from '../../layout/open-content.ts'
import type { Content } from '../../oci/content/content.ts'
import { LayeredContent } from '../../oci/content/layered-content.ts'

/** Files with layers that others can be patches of. Those that were opened for this are to be closed. */
export interface PatchBases {
  /** The one that is looked at first is the last. */
  readonly contents: readonly LockedContent[]
  close(): Promise<void>
}

export const NO_BASES: PatchBases = { contents: [], close: async () => {} }

/**
 * What holds layers that the receiver of a delta has: bundles and archives among what it is made since, and what is reused,
 * such as the bundle that nodes were seeded with whose lists of digests are named.
 *
 * @param patch on: there must be one; off: none is wanted; else those that can be opened
 * @throws {ExpectedError} USAGE where there is none and must be one; what opening one throws then
 */
export async function openBases(
  { since, reuse }: { since: readonly string[]; reuse: readonly Content[] },
  patch: string | undefined,
): Promise<PatchBases> {
  if (patch === 'off' || (patch === undefined && since.length === 0)) return NO_BASES
  if (since.length === 0) {
    const message = 'nodeseed bundle: --patch makes patches of what --since names, and nothing is named'
    throw new ExpectedError('USAGE', message, { hint: 'Name the bundle that the other side has: --since FILE' })
  }
  const opened: Content[] = []
  const contents: LockedContent[] = []
  let failure: unknown
  const add = async (content: Content) => {
    try {
      contents.push(await lockedOf(content))
    } catch (error) {
      failure ??= error
    }
  }
  for (const content of reuse) await add(content)
  for (const path of since) {
    if (path === '-' || !((await beginsAsArchive(path)) || (await isDirectory(path)))) continue
    const content = await openContent(path)
    opened.push(content)
    await add(content)
  }
  if (patch === 'on' && contents.length === 0) throw failure ?? withoutBytes()
  const close = async () => {
    for (const content of opened) await content.close()
  }
  return { contents, close }
}

/** @throws {ExpectedError} where it is not known what its images are */
async function lockedOf(content: Content): Promise<LockedContent> {
  if (content instanceof BundleFile) return content
  return Object.assign(new LayeredContent([content]), { lock: (await lockContent(content)).lock })
}

function withoutBytes(): ExpectedError {
  const message = 'nodeseed bundle: --patch needs the bytes of layers, and what --since names lists digests only'
  return new ExpectedError('USAGE', message, {
    hint: 'Name the bundle itself with --since, or beside the list the one that holds such layers: --reuse FILE',
  })
}
