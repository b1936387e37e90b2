/**
 * Control characters, which move a terminal's cursor, set its title or colour what follows, and characters that reorder
 * a line: C0 and C1, delete, line and paragraph separators, bidirectional overrides and isolates.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be replaced
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Any of them but a line break, which every long text has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be replaced
const UNUSUAL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/
/** Whether a text of several lines has nothing to replace: of most one look at each character tells. */
const isPlain = (text: string): boolean => !/[^\n -~]/.test(text) || !UNUSUAL.test(text)

/** A text for one line of a terminal: whatever would do more than show is a replacement character. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd')
}

/** Whether a text is one line that only shows. */
export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) < 0
}

/** The same for a text of several lines, which line breaks and tabs may lay out. */
export function printableLines(text: string): string {
  if (isPlain(text)) return text
  return text.replace(UNPRINTABLE, (character, at) =>
    character === '\n' || character === '\t' || (character === '\r' && text[at + 1] === '\n') ? character : '\ufffd',
  )
}

/** The same JSON, in which a terminal finds nothing to obey: such characters only stand in its strings, as `\u202e`. */
export function printableJson(json: string): string {
  if (isPlain(json)) return json
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
