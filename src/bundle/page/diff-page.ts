import { formatBytes } from '../../oci/format-bytes.ts'
import { countOf } from '../../plural.ts'
import type { LockDiff } from '../delta/diff.ts'
import { blobsOf, type Lock, type LockedImage } from '../format/lock.ts'
import { breakable, escapeHtml, htmlPage, htmlTable, termList } from './html.ts'
import { type ImageSize, imageSizes } from './image-sizes.ts'
import { sizesMap } from './sizes-map.ts'

/** What a page says of two bundles or locks. */
export interface DiffPage {
  readonly before: Lock
  readonly after: Lock
  readonly diff: LockDiff
  readonly about: readonly (readonly [term: string, text: string])[]
}

/** What changed, as one page that needs nothing else: names, and which images the new bytes are for. */
export function diffHtml({ before, after, diff, about }: DiffPage, css: string): string {
  const old = new Set(before.images.flatMap(blobsOf).map(({ digest }) => digest))
  const spread = imageSizes(after.images, (digest) => !old.has(digest))
  const isNew = new Map(spread.sizes.filter(({ all }) => all > 0).map((size, index) => [size.image, `image-${index}`]))
  const idOf = (image: LockedImage) => isNew.get(image) ?? ''
  const terms = [
    ...about,
    ['New', formatBytes(diff.addedBytes)],
    ['Gone', formatBytes(diff.removedBytes)],
    ['As before', formatBytes(diff.keptBytes)],
  ] as const
  return htmlPage(
    'diff',
    css,
    `<h1>What changed</h1>
${termList(terms)}
<main>
${sizesMap(spread, idOf)}
${
  isSame(diff)
    ? `<p>Nothing changed: both hold the same ${countOf(after.images.length, 'image')}.</p>`
    : newBytes(
        spread.sizes.filter(({ image }) => isNew.has(image)),
        idOf,
      )
}
${names(
  'moved',
  diff.moved.map(({ name, from, to }) => [name, from, to]),
)}
${names(
  'added',
  diff.added.map(({ name, digest }) => [name, '', digest]),
)}
${names(
  'removed',
  diff.removed.map(({ name, digest }) => [name, digest, '']),
)}
</main>`,
  )
}

function isSame({ moved, added, removed, addedBytes, removedBytes }: LockDiff): boolean {
  return moved.length + added.length + removed.length + addedBytes + removedBytes === 0
}

function newBytes(sizes: readonly ImageSize[], idOf: (image: LockedImage) => string): string {
  if (sizes.length === 0) return '<p>No new bytes.</p>'
  const table = htmlTable(
    sizes.toSorted((a, b) => b.all - a.all),
    [
      { heading: 'Image', cell: ({ image }) => `<strong>${breakable(image.reference)}</strong>` },
      { heading: 'New', isNumber: true, cell: ({ all }) => escapeHtml(formatBytes(all)) },
      { heading: 'Of its own', isNumber: true, cell: ({ own }) => escapeHtml(formatBytes(own)) },
    ],
    ({ image }) => idOf(image),
  )
  return `<h2 id="images">New bytes</h2>${table}`
}

function names(what: string, rows: readonly (readonly [name: string, from: string, to: string])[]): string {
  if (rows.length === 0) return ''
  const table = htmlTable(rows, [
    { heading: 'Name', cell: ([name]) => `<strong>${breakable(name)}</strong>` },
    { heading: 'Before', cell: ([, from]) => breakable(from) },
    { heading: 'Now', cell: ([, , to]) => breakable(to) },
  ])
  return `<h2 id="${what}">${escapeHtml(`${countOf(rows.length, 'name')} ${what}`)}</h2>${table}`
}
