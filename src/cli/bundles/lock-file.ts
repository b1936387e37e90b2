import { type Lock, parseLock } from '../../bundle/format/lock.ts'
import { ExpectedError } from '../../errors.ts'
import { beginsAsArchive, isDirectory } from '../../layout/open-content.ts'
import { omissionsOf, renderOmissions } from '../output/omissions.ts'
import { say } from '../output/streams.ts'
import { findText, nameOf } from '../texts/read-text.ts'
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
  const text = await findText(path)
  const lock = text === undefined ? undefined : findLock(text, nameOf(path))
  if (lock) return lock
  throw new ExpectedError('BUNDLE_INVALID', `${nameOf(path)}: neither a bundle nor a lock`, {
    hint: 'Make one with: nodeseed bundle INPUT... -o FILE, or nodeseed lock INPUT... -o FILE',
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

function asInput(read: () => Lock): Lock {
  try {
    return read()
  } catch (error) {
    throw inputError(error)
  }
}

/** What is wrong with a lock that was given as an input is wrong with the input; other errors stay as they are. */
export function inputError(error: unknown): unknown {
  if (!(error instanceof ExpectedError) || error.code !== 'BUNDLE_INVALID') return error
  return new ExpectedError('INPUT_INVALID', error.message, { hint: error.hint, cause: error })
}
