import { type AnyDocument, readEveryDocument } from '../../../kubernetes/documents/document.ts'
import type { TextPart } from '../../texts/input-text.ts'

type IsNeeded = ((source: string) => boolean) | undefined

/** Manifests of a file, or a part of it, which are parsed one by one when they are gone through. */
export class ManifestPart implements Iterable<AnyDocument> {
  readonly text: string
  readonly line: number
  readonly file: string
  readonly #isNeeded: IsNeeded

  constructor({ text, line }: TextPart, file: string, { isNeeded }: { readonly isNeeded?: IsNeeded }) {
    this.text = text
    this.line = line
    this.file = file
    this.#isNeeded = isNeeded
  }

  [Symbol.iterator](): Iterator<AnyDocument> {
    return readEveryDocument(this.text, this.file, this.line, this.#isNeeded)
  }
}
