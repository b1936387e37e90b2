import { isAscii } from 'node:buffer'
import { BLOCK } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'
import { compressionOf } from '../../layout/compressed/compression.ts'
import { isHeader } from '../../layout/tar/tar-header.ts'
import { quote } from '../../quote.ts'

/** A part of a text that ends where a document ends; `line` is where it begins, from 1. */
export interface TextPart {
  readonly text: string
  readonly line: number
}

/** The longest text that V8 holds in one string is a little more. */
const MAX_DOCUMENT_BYTES = 500 * 1024 * 1024

const MARK = Buffer.from('\n---')
const NEWLINE = 10
const WHITE_SPACE: ReadonlySet<number> = new Set([9, 10, 13, 32])

/**
 * A stream of bytes as text, in parts of about one chunk each, cut only where a line starts with `---`. A mark that
 * straddles two chunks is passed over: the part is then longer, and no document is ever torn.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE for bytes that are no text, or one document beyond 500 MiB.
 */
export async function* cutAtDocuments(
  chunks: AsyncIterable<Uint8Array | string>,
  file: string,
): AsyncGenerator<TextPart> {
  let held: Buffer[] = []
  let heldBytes = 0
  let line = 1
  let isUtf16 = false
  for await (const chunk of chunks) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array)
    if (line === 1 && heldBytes === 0) isUtf16 = utf16Of(bytes) !== undefined
    if (!isUtf16) refuseBinary(bytes, file)
    const cut = isUtf16 ? -1 : lastMark(bytes)
    if (cut >= 0) {
      const part = joined([...held, bytes.subarray(0, cut + 1)])
      yield { text: decodeText(part, file), line }
      line += countNewlines(part)
      held = []
      heldBytes = 0
    }
    const rest = bytes.subarray(cut + 1)
    held.push(rest)
    heldBytes += rest.byteLength
    if (heldBytes > MAX_DOCUMENT_BYTES) {
      throw new ExpectedError('INPUT_UNREADABLE', `${file}: one document of more than 500 MiB`, {
        hint: 'Export the resources in several files, for example one a namespace.',
      })
    }
  }
  if (heldBytes > 0) yield { text: decodeText(joined(held), file), line }
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces
  return only && pieces.length === 1 ? only : Buffer.concat(pieces)
}

/**
 * Bytes as text: UTF-8, or UTF-16 where a byte order mark says so (what `>` writes in Windows PowerShell).
 *
 * @throws {ExpectedError} INPUT_UNREADABLE for bytes that are no text.
 */
export function decodeText(bytes: Buffer, file: string): string {
  const utf16 = utf16Of(bytes)
  if (utf16) return new TextDecoder(utf16).decode(bytes)
  refuseBinary(bytes, file)
  // Nearly all is ASCII, which is copied as it is.
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')
}

function utf16Of(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  // Two zeros behind that mark make it one of UTF-32.
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes[2] === 0 && bytes[3] === 0 ? undefined : 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return undefined
}

/** Whether bytes can be text, which holds no NUL but in UTF-16. */
export function isText(bytes: Buffer): boolean {
  return utf16Of(bytes) !== undefined || !bytes.includes(0)
}

function refuseBinary(bytes: Buffer, file: string): void {
  if (!bytes.includes(0)) return
  const packed = sayPacked(bytes)
  const name = quote(file)
  throw new ExpectedError('INPUT_UNREADABLE', `${file}: is ${packed ?? 'binary'}, not YAML or JSON`, {
    hint: packed
      ? `Images in it are listed by: nodeseed inspect ${name}; bundle and lock take them with --from ${name}, audit with --bundle ${name}. Manifests in it: unpack it first.`
      : undefined,
  })
}

/** A bundle or a saved image that was named where manifests belong. */
function sayPacked(bytes: Buffer): string | undefined {
  if (bytes.length >= BLOCK && isHeader(bytes.subarray(0, BLOCK))) return 'a tar archive'
  const compression = compressionOf(bytes)
  return compression && `compressed (${compression.name})`
}

/** The offset of the last line break that `---` and white space follow, or -1. */
function lastMark(bytes: Buffer): number {
  let at = bytes.lastIndexOf(MARK)
  while (at >= 0 && !WHITE_SPACE.has(bytes[at + MARK.length] ?? 0)) at = at === 0 ? -1 : bytes.lastIndexOf(MARK, at - 1)
  return at
}

/** A call for each line would take longer than a look at each byte. */
function countNewlines(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === NEWLINE) count++
  return count
}
