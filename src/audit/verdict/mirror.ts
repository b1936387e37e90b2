import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Conditions } from '../facts/conditions.ts'

/** Whether a registry on this side of the gap has an image; undefined where nobody told what is in that registry. */
export function mirrorHas(
  { hasMirror, lock }: Pick<Conditions, 'hasMirror' | 'lock'>,
  locked: LockedImage | undefined,
): boolean | undefined {
  if (!hasMirror) return false
  return lock ? locked !== undefined : undefined
}
