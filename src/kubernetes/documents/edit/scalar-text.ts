import { isScalar, type Scalar, stringify, type YAMLMap } from 'yaml'

/** A text in the place of a scalar, with its quotes. */
export function textLike({ type }: Scalar, value: string): string {
  if (type === 'QUOTE_DOUBLE') return JSON.stringify(value)
  if (type === 'QUOTE_SINGLE') return `'${value.replaceAll("'", "''")}'`
  return plainText(value)
}

/** A text, or a map of texts in braces. */
export function textFor(value: string | Readonly<Record<string, string>>, isJson: boolean): string {
  if (typeof value === 'string') return isJson ? JSON.stringify(value) : plainText(value)
  if (isJson) return JSON.stringify(value)
  const items = Object.entries(value).map(([name, text]) => `${plainText(name)}: ${plainText(text)}`)
  return `{${items.join(', ')}}`
}

/** Plain where kubectl reads it as this text, else quoted. */
export function plainText(value: string): string {
  return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd()
}

/** Whether what is written into a map must be JSON. */
export function isJsonIn(text: string, map: YAMLMap): boolean {
  if (!map.flow) return false
  const first = map.items[0]?.key
  return isScalar(first) ? first.type === 'QUOTE_DOUBLE' : text.trimStart().startsWith('{')
}
