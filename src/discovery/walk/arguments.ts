/** One value that a command line passes, and the name of its flag; a value without a flag has none. */
export interface Argument {
  readonly flag: string
  readonly value: string
  /** Which element of the list it stands in. */
  readonly index: number
}

const FLAG_WITH_VALUE = /^--?([A-Za-z][\w.-]*)=(.*)$/s
const FLAG = /^--?([A-Za-z][\w.-]*)$/

/** Reads `--flag=value`, `--flag value` (also as two elements) and values by themselves; quotes around a value go. */
export function readArguments(list: readonly unknown[]): Argument[] {
  const found: Argument[] = []
  let open = ''
  list.forEach((token, index) => {
    if (typeof token !== 'string') return
    const [, flag, value] = FLAG_WITH_VALUE.exec(token) ?? []
    if (flag !== undefined && value !== undefined) found.push({ flag, value: unquote(value), index })
    else if (!token.startsWith('-')) found.push({ flag: open, value: unquote(token), index })
    open = FLAG.exec(token)?.[1] ?? ''
  })
  return found
}

function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text
}
