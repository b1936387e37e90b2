/** A line of a text, with those that it goes on in. */
export interface LogicalLine {
  readonly content: string
  /** Where it begins, from the start of the text, from 0. */
  readonly line: number
  /** The lines that it was made of, where there are several. */
  readonly parts?: readonly string[]
}

/** `a \`, `` a ` `` of PowerShell, `a |`: the command goes on in the next line; `key: |` begins a text of YAML. */
const GOES_ON = /\\\r?$|\s`\r?$|(?:^|[^:\s]\s*)\|\s*$/
const MARK = /\s*[\\`]\r?$/
const MAY_GO_ON = /[\\`|][ \t]*\r?\n/
const COMMENT = /^\s*#/
/** Beyond this a command is data. */
const MAX_LENGTH = 16_384

/** The lines of a text, each joined with those in which its command goes on. */
export function logicalLines(text: string): LogicalLine[] {
  const lines = text.split('\n')
  if (!MAY_GO_ON.test(text)) return lines.map((content, line) => ({ content, line }))
  const joined: LogicalLine[] = []
  for (let first = 0; first < lines.length; first++) {
    const content = lines[first] ?? ''
    if (!GOES_ON.test(content) || COMMENT.test(content)) {
      joined.push({ content, line: first })
      continue
    }
    let [last, length] = [first, content.length]
    // A comment amid a command does not end it, in a Dockerfile and behind a pipe.
    while (GOES_ON.test(lines[last] ?? '') || (last > first && COMMENT.test(lines[last] ?? ''))) {
      length += lines[last + 1]?.length ?? MAX_LENGTH
      if (length > MAX_LENGTH) break
      last++
    }
    const parts = lines.slice(first, last + 1)
    joined.push({ content: contentOf(parts), line: first, parts })
    first = last
  }
  return joined
}

function contentOf(parts: readonly string[]): string {
  const [first = '', ...others] = parts.map((part) => part.replace(MARK, ''))
  return [first, ...others.filter((part) => !COMMENT.test(part)).map((part) => part.trim())].join(' ')
}

/** The line on which a text of a logical line stands. */
export function lineOf({ line, parts }: LogicalLine, text: string): number {
  const at = parts?.findIndex((part) => part.includes(text)) ?? 0
  return line + Math.max(at, 0)
}
