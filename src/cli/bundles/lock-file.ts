import { type Lock, parseLock } from '../../bundle/format/lock.ts'
import { ExpectedError } from '../../errors.ts'
import { beginsAsArchive, isDirectory } from '../../layout/open-content.ts'
import { omissionsOf, renderOmissions } from '../output/omissions.ts'
import { say } from '../output/streams.ts'
import { readText } from '../texts/read-text.ts'
import { openImages } from './trusted-bundle.ts'

/**
 * The lock that a file is, that a bundle carries, or that an archive of images amounts to; with a key only that of a
 * bundle which it signed.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID, BUNDLE_INVALID
 */
export async function readLockOf(path: string, { key }: { key?: string | undefined } = {}): Promise<Lock> {
  if (path !== '-' && ((await beginsAsArchive(path)) || (await isDirectory(path)))) {
    const content = await openImages(path, { key })
    await content.close()
    const omissions = omissionsOf(content.leftOut ?? [])
    if (omissions.length > 0) say(renderOmissions(omissions))
    return content.lock
  }
  if (key !== undefined) {
    throw new ExpectedError('INPUT_INVALID', `${path}: not a bundle, and --key checks the signatures of bundles`, {
      hint: 'Name bundles only, or leave --key out.',
    })
  }
  const lock = findLock(await readText(path), path)
  if (lock) return lock
  throw new ExpectedError('INPUT_INVALID', `${path}: neither a bundle nor a lock`, {
    hint: 'Make one with: nodeseed lock INPUT... -o FILE',
  })
}

/** The lock in a text; undefined when it is something else. A lock has images at its top, which no resource has. */
export function findLock(text: string, where: string): Lock | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const { images, kind } = (value ?? {}) as Record<string, unknown>
  return images !== undefined && kind === undefined ? asInput(() => parseLock(value, where)) : undefined
}

/** What is wrong with a lock that was given as an input is wrong with the input. */
function asInput(read: () => Lock): Lock {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof ExpectedError)) throw cause
    throw new ExpectedError('INPUT_INVALID', cause.message, { ...(cause.hint && { hint: cause.hint }), cause })
  }
}
