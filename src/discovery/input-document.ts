import type { Finding } from '../finding.ts'
import type { AnyDocument } from '../kubernetes/documents/document.ts'
import type { ChartFile } from './listed/chart-images.ts'
import type { ImageListText } from './listed/image-list.ts'
import type { PlainText } from './loose/plain-text.ts'

/** What is to be said of an input itself: it cannot be read, or was had from elsewhere. */
export interface Notice {
  readonly form: 'notice'
  readonly file: string
  readonly finding: Finding
}

/** Behind the last document of an input that was named. */
export interface InputEnd {
  readonly form: 'end'
  readonly file: string
  /** Whether it, or a part of it, was read with an earlier input. */
  readonly isRepeated: boolean
}

/** The file that a rendered document was made of, which people can open. */
export interface Origin {
  readonly file: string
  /** The line that names an image, or the first that is about it; without one, of the resource. */
  lineOf(reference: string | undefined): number
}

/** What is known of the file of a document. */
export interface ReadAs {
  /** It holds values that lie over those of a chart, which is rendered with them. */
  readonly isLaidOver?: boolean
}

/** What inputs are made of. */
export type InputDocument =
  | (AnyDocument & ReadAs & { readonly origin?: Origin | undefined })
  | ImageListText
  | PlainText
  | ChartFile
  | Notice
  | InputEnd
