import measure from 'fast-string-truncated-width'

const PLAIN = /^[\x20-\x7e]*$/

/** Columns that a printable text takes: wide characters two, combining ones none. */
export function textWidth(text: string): number {
  return PLAIN.test(text) ? text.length : measure(text).width
}

/** The longest beginning of a text that fits into so many columns. */
export function startWithin(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(width, 0))
  return text.slice(0, measure(text, { limit: Math.max(width, 0), ellipsis: '' }).index)
}

function endWithin(text: string, width: number): string {
  let rest = text
  while (textWidth(rest) > width) rest = rest.slice(rest.codePointAt(0)! > 0xffff ? 2 : 1)
  // A mark that combines with what is gone.
  return rest.replace(/^[\p{M}\u200d]+/u, '')
}

/** A text in at most so many columns, shortened in the middle: paths and image names tell themselves by their end, then their beginning. */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  const start = startWithin(text, Math.floor((width - 1) / 3))
  return `${start}…${endWithin(text, width - 1 - textWidth(start))}`
}

/** Digests by the first twelve of their digits, as docker shows them. */
export function shortDigests(text: string): string {
  return text.replace(/\b(sha256|sha512):([0-9a-f]{12})[0-9a-f]{52,}\b/g, '$1:$2')
}

/** Breaks at spaces; a word that is longer than a line, such as an image by digest, is broken where the line ends. */
export function* wrapText(text: string, width: number): Generator<string> {
  let rest = text
  while (textWidth(rest) > width) {
    const start = startWithin(rest, width) || rest.slice(0, 1)
    const space = rest[start.length] === ' ' ? start.length : start.lastIndexOf(' ')
    const at = space > start.length / 3 ? space : start.length
    yield rest.slice(0, at)
    rest = rest.slice(at).trimStart()
  }
  yield rest
}
