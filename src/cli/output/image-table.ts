import { blobsOf, type LockedImage } from '../../bundle/format/lock.ts'
import { kindOf, kindWord } from '../../bundle/kinds.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { renderTable } from './terminal/table.ts'

interface ImageTableOptions {
  /** Columns of the screen; undefined where nothing is shortened. */
  readonly width: number | undefined
  /** Whether all names and the media type are shown. */
  readonly isWide: boolean
  /** What is told of an image besides, by heading; a column that tells nothing of any image is left out. */
  readonly more?: readonly { readonly heading: string; readonly of: (image: LockedImage) => string }[]
}

/**
 * A line an image: its first name and how many others it has, its digest, its platforms or what else it is, and the size of
 * all of it.
 */
export function imageTable(
  images: readonly LockedImage[],
  { width, isWide, more: extra = [] }: ImageTableOptions,
): string {
  const told = extra.filter(({ of }) => images.some((image) => of(image) !== ''))
  const rows = images.map((image) => {
    const { names, target, platforms, artifacts = [] } = image
    const [first = '', ...others] = names
    const more = others.length > 0 ? ` (+${others.length})` : ''
    const kinds = artifacts.map(({ artifactType }) => (isWide ? kindOf(artifactType) : kindWord(artifactType)))
    const on = [...platforms.map(({ platform }) => formatPlatform(platform)), ...new Set(kinds)].join(', ')
    const sizes = new Map(blobsOf(image).map(({ digest, size }) => [digest, size]))
    const size = [...sizes.values()].reduce((sum, one) => sum + one, 0)
    const name = isWide ? names.join(', ') : `${first}${more}`
    const cells = [name, target.digest, on, formatBytes(size), ...(isWide ? [target.mediaType] : [])]
    return [...cells, ...told.map(({ of }) => of(image))]
  })
  const headings = ['IMAGE', 'DIGEST', 'PLATFORMS', 'SIZE', ...(isWide ? ['MEDIA TYPE'] : [])]
  return renderTable([...headings, ...told.map(({ heading }) => heading)], rows, { width })
}
