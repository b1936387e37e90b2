import { Document, isScalar, visit } from 'yaml'

/**
 * Resources as YAML, with what the file is in a comment above. kubectl reads YAML 1.1, where a bare `yes` is true and
 * `0755` a number: such texts are quoted. go-yaml also ends lines where YAML 1.2 does not, at U+2028 for example, and
 * refuses what is not printable: texts with such characters are quoted, and the characters escaped. A half of a
 * surrogate pair, which is no character, becomes U+FFFD, as in every other text that leaves the program.
 */
export function renderYaml(comment: string, values: readonly unknown[]): string {
  const head = comment
    .toWellFormed()
    .split(/\r\n|[\r\n]/)
    .map((line) => `# ${escaped(line)}`.trimEnd())
  return `${head.join('\n')}\n${values.map(renderDocument).join('---\n')}`
}

function renderDocument(value: unknown): string {
  const document = new Document(wellFormed(value), {
    version: '1.1',
    customTags: (tags) => tags.filter((tag) => typeof tag !== 'object' || tag.tag !== MERGE),
    aliasDuplicateObjects: false,
  })
  visit(document, {
    Scalar(_, node) {
      if (isScalar<string>(node) && typeof node.value === 'string' && mustBeQuoted(node.value))
        node.type = 'QUOTE_DOUBLE'
    },
  })
  return escaped(document.toString({ lineWidth: 0, blockQuote: 'literal' }))
}

/** A key that is called `<<` is one of ours, and merges nothing. */
const MERGE = 'tag:yaml.org,2002:merge'

/** Line breaks of YAML 1.1 and a byte order mark, which stand for themselves in YAML 1.2; and what no YAML may hold. */
const ESCAPED = /(?![\n\t])\p{Cc}|[\u2028\u2029\ufeff\ufffe\uffff]/gu

/** A key that merges, an octal number of YAML 1.2, and a block whose first line begins with white space. */
const MISREAD = /^<<$|^[-+]?0o[0-7_]+$|^(?=\s)[\s\S]*\n/

function mustBeQuoted(text: string): boolean {
  return MISREAD.test(text) || text.search(ESCAPED) >= 0
}

/** Only quoted texts, and comments, hold such a character. */
function escaped(text: string): string {
  return text.replace(ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key.toWellFormed(), wellFormed(child)]))
}
