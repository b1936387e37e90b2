import type { ImageUse } from './image-use.ts'

/** A comment that names what a resource names says nothing new. */
export function withoutKnownComments(uses: readonly ImageUse[]): ImageUse[] {
  const known = new Set(uses.filter(({ layer }) => layer !== 'comment').map(({ image }) => image))
  return uses.filter(({ layer, image }) => layer !== 'comment' || !known.has(image))
}
