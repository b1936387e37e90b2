import { findReference } from '../../oci/reference.ts'

/** A text is a list where most of its first lines are references, and none is a key of YAML or JSON. */
export function isImageList(text: string): boolean {
  const sample = text.length > MAX_SAMPLE ? text.slice(0, text.lastIndexOf('\n', MAX_SAMPLE)) : text
  if (KEY_OR_ENTRY.test(sample)) return false
  const said = listedEntries(sample).filter((line) => line !== '')
  const references = said.filter((line) => !PLAIN_VALUE.test(line) && findReference(line) !== undefined)
  const isSure = references.length === said.length || references.some((line) => /[/:@]/.test(line))
  return references.length > 0 && isSure && references.length * 2 >= said.length
}

/** A key, a list or a map of YAML or JSON. */
const KEY_OR_ENTRY = /^\s*(?:[[{]|["']?[\w./-]+["']?:(?:\s|$)|- )/m

/** Values of YAML and JSON that would do as a name too. */
const PLAIN_VALUE = /^(?:null|true|false|[\d.]+)$/

/** As much of a text as its kind is told by. */
const MAX_SAMPLE = 64 * 1024

/** How `docker images`, `crictl images` and `ctr images ls` begin, and what their columns make of a line. */
const TABLES: readonly (readonly [header: RegExp, reference: (columns: readonly string[]) => string])[] = [
  [/^(?:REPOSITORY|IMAGE)\s+TAG\s+(?:IMAGE ID|DIGEST)\b/, ([name = '', tag = '']) => `${name}:${tag}`],
  [/^REF\s+TYPE\s+DIGEST\b/, ([name = '']) => name],
]

/**
 * What each line of a list says, without what surrounds a reference: comments, quotes, dashes, `docker://`, how often
 * `uniq -c` saw it; in the table of a runtime its name and tag. A line that says nothing is empty.
 */
export function listedEntries(text: string): string[] {
  const lines = text.split('\n').map(withoutComment)
  const first = lines.findIndex((line) => line !== '')
  const table = TABLES.find(([header]) => header.test(lines[first] ?? ''))?.[1]
  if (!table) return lines.map(bare)
  return lines.map((line, index) => (index <= first || line === '' ? '' : table(line.split(/\s+/))))
}

function bare(line: string): string {
  return line
    .replace(/^(?:-|\d{1,9})\s+(?=\S+$)/, '')
    .replace(/^(["']?)(\S*?)\1,?$/, '$2')
    .replace(/^docker:\/\//, '')
}

function withoutComment(line: string): string {
  return line.replace(/(?:^|\s)#.*/, '').trim()
}
