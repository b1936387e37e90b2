/** Deeper than any manifest, config or table; code that walks values need not fear its stack. */
const MAX_DEPTH = 64

const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/**
 * Parses JSON that somebody else wrote.
 *
 * @throws {SyntaxError} for what is no JSON, or nests deeper than anything we read.
 */
export function parseJson(bytes: Uint8Array): unknown {
  // A byte order mark is no JSON; containerd, docker and CRI-O refuse it.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  if (isDeep(text)) throw new SyntaxError(`nested more than ${MAX_DEPTH} deep`)
  return JSON.parse(text)
}

// No regular expression: a string of many megabytes would overflow its stack.
function isDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at + 1)
    else if (OPENING.has(code) && ++depth > MAX_DEPTH) return true
    else if (CLOSING.has(code)) depth--
  }
  return false
}

function endOfString(text: string, start: number): number {
  let at = start
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}
