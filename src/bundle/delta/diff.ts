import type { Digest } from '../../oci/digest.ts'
import { blobsOf, type Lock, type LockedImage } from '../format/lock.ts'

/** What changed from one lock to another. */
export interface LockDiff {
  /** Names that are new, with their digest. */
  readonly added: readonly NamedImage[]
  readonly removed: readonly NamedImage[]
  /** Names that stand for another digest now. */
  readonly moved: readonly { name: string; from: Digest; to: Digest }[]
  readonly addedBytes: number
  readonly removedBytes: number
  readonly keptBytes: number
}

export interface NamedImage {
  readonly name: string
  readonly digest: Digest
}

/** Compares names, and the bytes of blobs, each counted once. */
export function diffLocks(before: Lock, after: Lock): LockDiff {
  const [old, now] = [targetsOf(before), targetsOf(after)]
  const [oldBlobs, nowBlobs] = [sizesOf(before), sizesOf(after)]
  const sum = (blobs: ReadonlyMap<Digest, number>, isWanted: (digest: Digest) => boolean) =>
    [...blobs].reduce((total, [digest, size]) => total + (isWanted(digest) ? size : 0), 0)
  return {
    added: onlyIn(now, old),
    removed: onlyIn(old, now),
    moved: [...now].flatMap(([name, to]) => {
      const from = old.get(name)
      return from && from !== to ? [{ name, from, to }] : []
    }),
    addedBytes: sum(nowBlobs, (digest) => !oldBlobs.has(digest)),
    removedBytes: sum(oldBlobs, (digest) => !nowBlobs.has(digest)),
    keptBytes: sum(nowBlobs, (digest) => oldBlobs.has(digest)),
  }
}

function onlyIn(here: ReadonlyMap<string, Digest>, there: ReadonlyMap<string, Digest>): NamedImage[] {
  return [...here].filter(([name]) => !there.has(name)).map(([name, digest]) => ({ name, digest }))
}

function targetsOf({ images }: Lock): Map<string, Digest> {
  const named = images.flatMap(({ names, target }) => names.map((name): [string, Digest] => [name, target.digest]))
  return new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function sizesOf({ images }: { images: readonly LockedImage[] }): Map<Digest, number> {
  return new Map(images.flatMap(blobsOf).map(({ digest, size }) => [digest, size]))
}
