import { readKey } from '../../classify/key.ts'

/** A word that a shell variable gets, and the line on which it stands, from the start of the text. */
export interface ShellWord {
  readonly name: string
  readonly value: string
  readonly line: number
}

/** `IMAGES=(`, `declare -a IMAGES=(`: what stands until the parenthesis closes are its words. */
const ARRAY = /^\s*(?:(?:export|local|readonly|declare(?:\s+-\w+)?)\s+)?(\w+)\+?=\(([^()]*)(\))?/
/** `IMAGES="a b"`, and the lines of such a text. */
const LIST = /^\s*(?:(?:export|local|readonly)\s+)?["']?([\w.-]+)["']?\s*[=:]\s*["']([^"']+)(?:["']|$)/
/** `IMAGE=${IMAGE:-ref}`. */
const DEFAULT = /^\s*(?:(?:export|local|readonly)\s+)?(\w+)=["']?\$\{\w+:?[-=]([^\s{}$]+)\}["']?\s*(?:#.*)?$/

/** Beyond this a line is data. */
const MAX_LINE = 4096

/** The words of arrays and lists, and the defaults of variables, of names that say that they are images. */
export function shellWords(text: string): ShellWord[] {
  const words: ShellWord[] = []
  let open: string | undefined
  text.split('\n').forEach((content, line) => {
    if (content.length > MAX_LINE) return
    const add = (name: string, values: string) => {
      if (!isOfImages(name)) return
      for (const value of values.split(/[\s"',;]+/)) if (/^\w.*[/:]/.test(value)) words.push({ name, value, line })
    }
    if (open !== undefined) {
      const [inside = '', ...closed] = content.replace(/(?:^|\s)#.*/, '').split(')')
      add(open, inside)
      if (closed.length > 0) open = undefined
      return
    }
    const [, array, inside = '', isClosed] = ARRAY.exec(content) ?? []
    const [, name, value] = array === undefined ? (listIn(content) ?? DEFAULT.exec(content) ?? []) : []
    if (array !== undefined) add(array, inside)
    if (array !== undefined && isClosed === undefined) open = array
    // A flag inside the quotes has a name of its own.
    if (name && value && !/(?:^|\s)-/.test(value)) add(name, value)
  })
  return words
}

/** One word alone is an assignment like any other. */
function listIn(content: string): RegExpExecArray | undefined {
  const found = LIST.exec(content)
  return found?.[2]?.trim().includes(' ') ? found : undefined
}

function isOfImages(name: string): boolean {
  return ['image', 'images'].includes(readKey(name).role)
}
