import { findReference } from '../../oci/reference.ts'

/** A text is a list where most of its first lines are references, and none is a key of YAML or JSON. */
export function isImageList(text: string): boolean {
  const lines = text
    .slice(0, MAX_SAMPLE)
    .split('\n')
    .slice(0, text.length > MAX_SAMPLE ? -1 : undefined)
    .map(withoutComment)
  const said = lines.filter((line) => line !== '')
  if (said.some((line) => /^(?:[[{]|["']?[\w./-]+["']?:(?:\s|$)|- )/.test(line))) return false
  const references = said.filter((line) => !PLAIN_VALUE.test(line) && findReference(line) !== undefined)
  const isSure = references.length === said.length || references.some((line) => /[/:@]/.test(line))
  return references.length > 0 && isSure && references.length * 2 >= said.length
}

/** Values of YAML and JSON that would do as a name too. */
const PLAIN_VALUE = /^(?:null|true|false|[\d.]+)$/

/** As much of a text as its kind is told by. */
const MAX_SAMPLE = 64 * 1024

export function withoutComment(line: string): string {
  return line.replace(/(?:^|\s)#.*/, '').trim()
}
