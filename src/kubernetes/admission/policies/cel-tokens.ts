/** A text, a name or number, or a sign of an expression in CEL. */
export interface CelToken {
  readonly kind: 'text' | 'word' | 'sign'
  readonly is: string
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\w+)|(&&|\|\||==|!=|[<>]=?|[-+*/%!()[\].,]))/y

/** Undefined where something is written there that is not evaluated. */
export function tokensOf(expression: string): readonly CelToken[] | undefined {
  const tokens: CelToken[] = []
  const text = expression.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const [, quoted, word, sign] = TOKEN.exec(text) ?? []
    if (quoted !== undefined) {
      if (quoted.includes('\\')) return undefined
      tokens.push({ kind: 'text', is: quoted.slice(1, -1) })
    } else if (word !== undefined) tokens.push({ kind: 'word', is: word })
    else if (sign !== undefined) tokens.push({ kind: 'sign', is: sign })
    else return undefined
  }
  return tokens
}
