import { createHash } from 'node:crypto'
import { isArtifact, type LockedImage } from './lock.ts'

/** What a node's seed label says once the images are there. */
export const SEEDED = 'seeded'

/**
 * Names a seed set by its content: the first 16 hex characters of a sha256 over the sorted `name digest` lines. The same
 * images give the same digest, whatever their order, and whatever artifacts are beside them: nodes get none. It is the
 * name part of a seed label's key.
 */
export function seedSetDigest({ images }: { readonly images: readonly LockedImage[] }): string {
  const seeded = images.filter((image) => !isArtifact(image))
  return seedSetDigestOf(seeded.flatMap(({ names, target }) => names.map((name) => [name, target.digest] as const)))
}

/** The same of names, each with the digest that it stands for. */
export function seedSetDigestOf(names: readonly (readonly [name: string, digest: string])[]): string {
  const lines = new Set(names.map(([name, digest]) => `${name} ${digest}\n`))
  return createHash('sha256')
    .update([...lines].sort().join(''))
    .digest('hex')
    .slice(0, 16)
}

/**
 * Whether a node's labels say that it holds the seed set of this digest: `<any prefix>/<digest>: seeded`. The prefix is
 * the operator's choice; the digest alone tells what is there.
 */
export function isSeeded(labels: Readonly<Record<string, string>> | undefined, digest: string): boolean {
  return Object.entries(labels ?? {}).some(([key, value]) => value === SEEDED && key.split('/').at(-1) === digest)
}
