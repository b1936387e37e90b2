import { formatBytes } from '../../oci/format-bytes.ts'
import { countOf } from '../../plural.ts'
import type { LockedImage } from '../format/lock.ts'
import { escapeHtml } from './html.ts'
import type { ImageSize, SharedBlob } from './image-sizes.ts'
import { treemap } from './treemap.ts'

/** So many tiles can be told apart. */
const MOST_TILES = 120

/** The ground of the tiles on a wide screen. */
const ASPECT = 2.4

interface Part {
  readonly kind: 'image' | 'shared' | 'rest'
  readonly label: string
  readonly title: string
  readonly bytes: number
  /** Where more is said of it. */
  readonly href: string
}

/** Sizes as tiles: what each image has alone, and what several share. `idOf` names the row of an image. */
export function sizesMap(
  { sizes, shared }: { sizes: readonly ImageSize[]; shared: readonly SharedBlob[] },
  idOf: (image: LockedImage) => string,
): string {
  const parts = [...sizes.map((size) => ofImage(size, idOf)), ...shared.map(ofShared)]
  const byBytes = parts.filter(({ bytes }) => bytes > 0).toSorted((a, b) => b.bytes - a.bytes)
  if (byBytes.length === 0) return ''
  const rest = byBytes.slice(MOST_TILES)
  const tiles = treemap([...byBytes.slice(0, MOST_TILES), ...restOf(rest)], ({ bytes }) => bytes, ASPECT)
  const percent = (share: number) => `${(share * 100).toFixed(3)}%`
  const drawn = tiles.map(({ item, x, y, width, height }) => {
    const style = `left:${percent(x)};top:${percent(y)};width:${percent(width)};height:${percent(height)}`
    const text = `<span>${escapeHtml(item.label)}</span> <b>${escapeHtml(formatBytes(item.bytes))}</b>`
    const title = escapeHtml(item.title)
    return `<a class="${item.kind}" href="#${item.href}" style="${style}" title="${title}" aria-label="${title}">${text}</a>`
  })
  return `<nav id="map" aria-label="Sizes">${drawn.join('\n')}</nav>
<p id="legend"><span class="image">one image alone</span> <span class="shared">shared by several</span></p>`
}

function ofImage({ image, own }: ImageSize, idOf: (image: LockedImage) => string): Part {
  const name = image.reference
  const label = name.slice(name.lastIndexOf('/') + 1).replace(/@.*/, '')
  return { kind: 'image', label, title: `${name}: ${formatBytes(own)} of its own`, bytes: own, href: idOf(image) }
}

function ofShared({ digest, size, images }: SharedBlob): Part {
  const title = `${digest}: ${formatBytes(size)} shared by ${countOf(images.length, 'image')}`
  return { kind: 'shared', label: `in ${images.length} images`, title, bytes: size, href: 'shared' }
}

function restOf(parts: readonly Part[]): Part[] {
  if (parts.length === 0) return []
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  const label = `${parts.length} smaller`
  return [{ kind: 'rest', label, title: `${label}: ${formatBytes(bytes)} together`, bytes, href: 'images' }]
}
