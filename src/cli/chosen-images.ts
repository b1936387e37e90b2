import { ExpectedError } from '../errors.ts'
import type { Lock } from '../inventory.ts'
import { criForm, parseReference } from '../oci/reference.ts'

/**
 * The lock cut down to images that are named in any form that a pod may use; all of it when nothing is named.
 *
 * @throws {ExpectedError} REFERENCE_INVALID; INPUT_INVALID naming what the bundle does not hold.
 */
export function chosenImages(lock: Lock, names: readonly string[], file: string): Lock {
  if (names.length === 0) return lock
  const wanted = names.map((name) => criForm(parseReference(name)))
  const held = new Set(lock.images.flatMap((image) => image.names))
  const missing = wanted.filter((name) => !held.has(name))
  if (missing.length > 0) {
    throw new ExpectedError('INPUT_INVALID', `${file} does not hold ${missing.join(', ')}`, {
      hint: `See what it holds with: nodeseed inspect ${file}`,
    })
  }
  return { ...lock, images: lock.images.filter((image) => image.names.some((name) => wanted.includes(name))) }
}
