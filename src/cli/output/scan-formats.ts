import type { ImageUse } from '../../discovery/uses/image-use.ts'
import { renderUses } from './uses.ts'

/** What a scan found, as far as the policies that were asked for go. */
interface ScanAnswer {
  readonly uses: readonly ImageUse[]
  /** Distinct, in CRI form. */
  readonly images: readonly string[]
  /** Some input could not be read. */
  readonly isIncomplete?: boolean
}

interface ScanFormat {
  /** A fragment for the help text. */
  readonly does: string
  /** What goes to standard output; nothing where it is empty. */
  render(answer: ScanAnswer, width: number | undefined): string
}

/** The formats of `scan --format`, the default first. */
export const SCAN_FORMATS = {
  table: { does: 'one line a use', render: ({ uses, isIncomplete }, width) => renderUses(uses, width, isIncomplete) },
  images: { does: 'one line an image, for other tools', render: ({ images }) => images.join('\n') },
} as const satisfies Record<string, ScanFormat>

export const SCAN_FORMAT_NAMES = Object.keys(SCAN_FORMATS) as (keyof typeof SCAN_FORMATS)[]
