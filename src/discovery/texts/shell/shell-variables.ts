import { hasPlaceholder } from '../../classify/placeholders.ts'
import { type ReadList, wordsOfFile } from './read-lists.ts'

/** `NAME=value`, `export NAME="value"` where a statement begins. */
const ASSIGNED =
  /(?:^\s*|[;&|({]\s*|\b(?:then|else|do)\s+)(?:(?:export|local|readonly|declare(?:\s+-\w+)?|typeset)\s+)?([A-Za-z_]\w*)(\+?)=("[^"]*"|'[^']*'|[^\s;&|()"']*)(?!\()/g
/** `: ${NAME:=value}` */
const DEFAULTED = /^\s*:\s+["']?\$\{(\w+):?=([^{}]*)\}/
/** `NAME=(a b`, and what stands until the parenthesis closes. */
const ARRAY = /^\s*(?:(?:export|local|readonly|declare(?:\s+-\w+)?)\s+)?(\w+)\+?=\(([^()]*)(\))?/
/** `for NAME in a b; do`. */
const LOOP = /\bfor\s+([A-Za-z_]\w*)\s+in\s+([^;]*)/
/** `IMAGES="`, and no quote on its line that ends it. */
const QUOTED = /^\s*(?:(?:export|local|readonly|declare(?:\s+-\w+)?)\s+)?([A-Za-z_]\w*)\+?=(["'])([^"'$`]*)$/
/** `$(cat images.txt)`, `$(< images.txt)`, or in backticks: all words of a file. */
const FILE = /^\s*["']?(?:\$\((?:cat\s+|<\s*)["']?([^\s()|;&"']+)["']?\s*\)|`cat\s+([^\s`|;&]+)`)["']?\s*$/
/** What it reads nobody knows. */
const READ = /\bread\s+(?:-\w+\s+)*([A-Za-z_]\w*)/
/** `$NAME`, `${NAME}`, `${NAME[@]}`, `${NAME:-default}`. */
const VARIABLE = /\$\{(\w+)(?:\[[@*]\])?(?::?(?:[-=]([^{}]*)|\?[^{}]*))?\}|\$([A-Za-z_]\w*)/g

/** Beyond these a line is data, and a value no part of an image. */
const MAX_LINE = 4096
const MAX_VALUE = 512
/** As many values as one variable is followed for, and as many texts as are made of them in one script. */
const MAX_VALUES = 64
const MAX_TEXTS = 4096
/** A quote that is open for longer is none. */
const MAX_QUOTED = 256

/**
 * What the variables of a shell script stand for at each of its lines, as far as constants are assigned above. A variable
 * has several values where branches or a loop give it others, and none where one of them is not known.
 */
export class ShellVariables {
  readonly #values = new Map<string, Set<string>>()
  #array: { name: string; words: string[] } | undefined
  #quoted: { name: string; quote: string; words: string[]; lines: number } | undefined
  #left = MAX_TEXTS

  /** Takes the next line of the script, and what a variable reads that begins to on it. */
  follow(line: string, list?: ReadList): void {
    if (line.length > MAX_LINE || /^\s*#/.test(line)) return
    if (this.#followArray(line) || this.#followQuoted(line)) return
    const read = READ.exec(line)?.[1]
    if (read !== undefined) this.#values.delete(read)
    if (list) this.read(list)
    const [, item, words = ''] = LOOP.exec(line) ?? []
    const file = FILE.exec(words)
    if (item !== undefined && file) this.read({ name: item, words: [wordsOfFile(file[1] ?? file[2] ?? '')] })
    else if (item !== undefined) this.#assign(item, wordsIn(words), { isAlways: true })
    const [, defaulted, value = ''] = DEFAULTED.exec(line) ?? []
    if (defaulted !== undefined && !this.#values.has(defaulted)) {
      this.#assign(defaulted, [`\${${defaulted}:-${value}}`], { isAlways: true })
    }
    if (!line.includes('=')) return
    for (const match of line.matchAll(ASSIGNED)) {
      const [whole, name = '', more, value = ''] = match
      // `NAME+=value`: what is not known stays so.
      const before = more ? `\${${name}}` : ''
      this.#assign(name, [`${before}${unquoted(value)}`], { isAlways: match.index === 0 && /^\w/.test(whole) })
    }
  }

  /** Takes what a variable reads, which may be the words of a file that nobody knows here. */
  read({ name, words }: ReadList): void {
    if (words.length > 0 && words.every((word) => word.startsWith('$('))) this.#values.set(name, new Set(words))
    else this.#assign(name, words, { isAlways: true })
  }

  /** The texts that one stands for once variables are put in; itself, where no value of one is known. */
  textsOf(text: string): readonly string[] {
    if (!text.includes('$')) return [text]
    let texts: readonly string[] = [text]
    const names = new Set(Array.from(text.matchAll(VARIABLE), ([, curly, , plain]) => curly ?? plain ?? ''))
    for (const name of names) {
      const values = this.#values.get(name)
      if (!values) continue
      if (texts.length * values.size > Math.min(MAX_VALUES, this.#left)) return [text]
      texts = texts.flatMap((one) => Array.from(values, (value) => withValue(one, name, value)))
      if (texts.some(({ length }) => length > MAX_VALUE)) return [text]
    }
    this.#left -= texts.length
    return texts
  }

  #followArray(line: string): boolean {
    if (this.#array) {
      const [inside = '', ...closed] = line.replace(/(?:^|\s)#.*/, '').split(')')
      this.#array.words.push(...wordsIn(inside))
      if (closed.length > 0) this.#endArray()
      return true
    }
    const [, name, inside = '', isClosed] = line.includes('=(') ? (ARRAY.exec(line) ?? []) : []
    if (name === undefined) return false
    this.#array = { name, words: wordsIn(inside) }
    if (isClosed !== undefined) this.#endArray()
    return true
  }

  /** `IMAGES="`, and what stands until the quote ends. */
  #followQuoted(line: string): boolean {
    const open = this.#quoted
    if (open) {
      const end = line.indexOf(open.quote)
      open.words.push(...wordsIn(end < 0 ? line : line.slice(0, end)))
      open.lines++
      if (end < 0 && open.lines <= MAX_QUOTED) return true
      this.#quoted = undefined
      if (end >= 0) this.#assign(open.name, open.words, { isAlways: false })
      return true
    }
    const [, name, quote = '', inside = ''] = QUOTED.exec(line) ?? []
    if (name === undefined) return false
    this.#quoted = { name, quote, words: wordsIn(inside), lines: 0 }
    return true
  }

  #endArray(): void {
    if (this.#array) this.#assign(this.#array.name, this.#array.words, { isAlways: false })
    this.#array = undefined
  }

  #assign(name: string, given: readonly string[], { isAlways }: { isAlways: boolean }): void {
    const texts = given.length > MAX_VALUES ? [] : given.flatMap((one) => this.textsOf(one)).flatMap(wordsIn)
    const known = this.#values.get(name)
    if (isAlways) this.#values.delete(name)
    const values = (isAlways ? undefined : known) ?? new Set()
    for (const text of texts) values.add(text)
    if (texts.length > 0 && texts.every(isKnown) && values.size <= MAX_VALUES) this.#values.set(name, values)
    else this.#values.delete(name)
  }
}

/** A constant, or one that a default completes. */
function isKnown(text: string): boolean {
  const rest = text.replace(/\$\{\w+:?-[^{}$]+\}/g, '')
  return !hasPlaceholder(rest) && !/[$`]/.test(rest)
}

function withValue(text: string, name: string, value: string): string {
  return text.replace(VARIABLE, (found, curly, _, plain) => ((curly ?? plain) === name ? value : found))
}

function wordsIn(text: string): string[] {
  return text.split(/["'\s]+/).filter(Boolean)
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2')
}
