import { formatBytes } from '../../oci/format-bytes.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { listNames } from '../../plural.ts'
import type { LockedImage } from '../format/lock.ts'
import { breakable, escapeHtml, htmlPage, htmlTable, termList } from './html.ts'
import { type ImageSize, imageSizes, type SharedBlob } from './image-sizes.ts'
import { sizesMap } from './sizes-map.ts'

/** So many shared blobs are listed. */
const MOST_SHARED = 200

/** What is known of an image besides its lock entry, as texts. */
export interface ImageRemarks {
  readonly signedBy: string
  readonly attached: string
  /** Where inputs name it. */
  readonly namedAt: readonly string[]
}

/** What a page says of a bundle. */
export interface BundlePage {
  readonly images: readonly LockedImage[]
  /** Terms and texts about the whole. */
  readonly about: readonly (readonly [term: string, text: string])[]
  readonly remarksOf: (image: LockedImage) => ImageRemarks
  /** What was left out, or cannot be promised. */
  readonly notes: readonly string[]
}

/** A bundle as one page that needs nothing else: its images, why each is there, and what takes the room. */
export function bundleHtml({ images, about, remarksOf, notes }: BundlePage, css: string): string {
  const spread = imageSizes(images)
  const ids = new Map(images.map((image, index) => [image, `image-${index}`]))
  const idOf = (image: LockedImage) => ids.get(image) ?? ''
  const bySize = spread.sizes.toSorted((a, b) => b.all - a.all)
  return htmlPage(
    'inspect',
    css,
    `<h1>What the bundle holds</h1>
${termList(about)}
${notes.length > 0 ? `<ul id="notes">${notes.map((note) => `<li>${breakable(note)}</li>`).join('')}</ul>` : ''}
<main>
${sizesMap(spread, idOf)}
<h2 id="images">Images</h2>
${imagesTable(bySize, remarksOf, idOf)}
${sharedList(spread.shared)}
</main>`,
  )
}

function imagesTable(
  sizes: readonly ImageSize[],
  remarksOf: BundlePage['remarksOf'],
  idOf: (image: LockedImage) => string,
): string {
  const remarks = new Map(sizes.map(({ image }) => [image, remarksOf(image)]))
  const of = (image: LockedImage, key: 'signedBy' | 'attached') => breakable(remarks.get(image)?.[key] ?? '')
  return htmlTable(
    sizes,
    [
      { heading: 'Image', cell: ({ image }) => nameCell(image) },
      { heading: 'Platforms', cell: ({ image }) => breakable(platformsOf(image)) },
      { heading: 'Size', isNumber: true, cell: ({ all }) => escapeHtml(formatBytes(all)) },
      { heading: 'Of its own', isNumber: true, cell: ({ own }) => escapeHtml(formatBytes(own)) },
      {
        heading: 'Named at',
        cell: ({ image }) => (remarks.get(image)?.namedAt ?? []).map(breakable).join('<br>'),
      },
      { heading: 'Signed by', cell: ({ image }) => of(image, 'signedBy') },
      { heading: 'Attached', cell: ({ image }) => of(image, 'attached') },
    ],
    ({ image }) => idOf(image),
  )
}

/** The reference, and below it the digest behind it and other names. */
function nameCell({ reference, names, target }: LockedImage): string {
  const others = names.filter((name) => name !== reference && !name.endsWith(`@${target.digest}`))
  const small = [...others, target.digest].map((text) => `<small>${breakable(text)}</small>`)
  return `<strong>${breakable(reference)}</strong>${small.join('')}`
}

function platformsOf({ platforms, artifacts = [] }: LockedImage): string {
  const known = [...new Set(platforms.map(({ platform }) => formatPlatform(platform)))]
  return [...known, ...artifacts.map(({ artifactType }) => artifactType)].join(', ')
}

function sharedList(shared: readonly SharedBlob[]): string {
  if (shared.length === 0) return ''
  const saved = shared.reduce((sum, { size, images }) => sum + size * (images.length - 1), 0)
  const table = htmlTable(shared.slice(0, MOST_SHARED), [
    { heading: 'Blob', cell: ({ digest }) => breakable(digest) },
    { heading: 'Size', isNumber: true, cell: ({ size }) => escapeHtml(formatBytes(size)) },
    { heading: 'Images', isNumber: true, cell: ({ images }) => String(images.length) },
    { heading: 'Which', cell: ({ images }) => breakable(listNames(images.map(({ reference }) => reference))) },
  ])
  const more = shared.length > MOST_SHARED ? `<p>and ${shared.length - MOST_SHARED} smaller ones</p>` : ''
  const title = `${shared.length} shared, which saves ${formatBytes(saved)}`
  return `<details id="shared" open><summary>${escapeHtml(title)}</summary>${table}${more}</details>`
}
