/** One value that a command line passes, and the name of its flag; a value without a flag has none. */
export interface Argument {
  readonly flag: string
  readonly value: string
  /** Which element of the list it stands in. */
  readonly index: number
}

const FLAG_WITH_VALUE = /^--?([A-Za-z][\w.-]*)=(.*)$/s
const FLAG = /^--?([A-Za-z][\w.-]*)$/

/** Flags with their values in one element; a shell, or a program that splits them itself, reads them. */
const FLAG_IN_WORDS = /^--?[A-Za-z][\w.-]*\s+\S/

/** Reads `--flag=value`, `--flag value` (as one element or two) and values by themselves; quotes around a value go. */
export function readArguments(list: readonly unknown[]): Argument[] {
  const found: Argument[] = []
  let open = ''
  const read = (token: string, index: number): void => {
    const [, flag, value] = FLAG_WITH_VALUE.exec(token) ?? []
    if (flag !== undefined && value !== undefined) found.push({ flag, value: unquote(value), index })
    else if (!token.startsWith('-')) found.push({ flag: open, value: unquote(token), index })
    open = FLAG.exec(token)?.[1] ?? ''
  }
  list.forEach((token, index) => {
    if (typeof token !== 'string') return
    const isLine = FLAG_IN_WORDS.test(token)
    for (const word of isLine ? token.split(/\s+/) : [token]) read(word, index)
    if (isLine) open = ''
  })
  return found
}

function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text
}
