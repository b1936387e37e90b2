const QUOTES = `"'\``

/**
 * The words of a command of a shell up to the next command: what quotes, `$(…)` and backticks hold is one word, or part
 * of one. A text may begin inside of quotes, as that of `sh -c "…"`: the quote that ends them ends the command.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = []
  let word = ''
  let isWord = false
  let quote = ''
  let depth = 0
  // Where the last of each stands, so that nothing is looked for behind it.
  const last = new Map([...QUOTES, ')'].map((sign) => [sign, text.lastIndexOf(sign)]))
  const isBehind = (sign: string, at: number): boolean => (last.get(sign) ?? -1) > at
  const end = (): void => {
    if (isWord && word !== '') words.push(word)
    word = ''
    isWord = false
  }
  const take = (part: string): void => {
    word += part
    isWord = true
  }
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] ?? ''
    const next = text[at + 1] ?? ''
    if (depth > 0) {
      depth += sign === '(' ? 1 : sign === ')' ? -1 : 0
      take(sign)
    } else if (sign === quote) {
      if (quote === '`') take(')')
      quote = ''
    } else if (quote === "'" || quote === '`') take(sign)
    else if (sign === '$' && next === '(' && isBehind(')', at)) {
      take('$(')
      depth = 1
      at++
    } else if (quote !== '') {
      if (sign === '\\' && next !== '') at++
      take(sign === '\\' && next !== '' ? next : sign)
    } else if (/\s/.test(sign)) end()
    else if (sign === ';' || sign === '&' || sign === '|') break
    else if (sign === '\\') {
      // An escaped quote stands in a text that is quoted itself.
      if (QUOTES.includes(next)) end()
      else if (next !== '') take(next)
      at++
    } else if (QUOTES.includes(sign)) {
      if (isWord && sign !== '`' && (next === '' || /[\s\],})]/.test(next))) break
      if (!isBehind(sign, at)) end()
      else {
        quote = sign
        take(sign === '`' ? '$(' : '')
      }
    } else take(sign)
  }
  end()
  return words
}

/** `{a,b}` between what stands around it; not the names of variables and templates, which have braces too. */
const BRACES = /^([^{}]{0,400}(?<![${]))\{([^{},]{0,200}(?:,[^{},]{0,200})+)\}([^{}]{0,400}(?:\{[^$]{0,400})?)$/
const MAX_BRACES = 64

/** The words that a shell makes of one with braces: `web:{1,2}` is `web:1 web:2`. One of too many stays as it is. */
export function bracesOf(word: string): string[] {
  if (!word.includes('{')) return [word]
  const [, before = '', inside = '', behind = ''] = BRACES.exec(word) ?? []
  const [parts, ends] = [inside.split(','), behind === '' ? [''] : bracesOf(behind)]
  if (inside === '' || parts.length * ends.length > MAX_BRACES) return [word]
  return parts.flatMap((part) => ends.map((end) => `${before}${part}${end}`))
}
