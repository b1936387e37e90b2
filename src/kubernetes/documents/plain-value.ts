/** Words that are values, as in go-yaml v2's resolve.go. */
const WORDS: ReadonlyMap<string, null | boolean | number> = new Map<string, null | boolean | number>([
  ...['~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
])

/** Of the millions of words in a large input most are told to be texts by their first character. */
const MAY_START: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
  /[-+.\d~yYnNtTfFoO]/.test(String.fromCharCode(code)),
)

/** The longest of {@link WORDS}. */
const LONGEST_WORD = 5

const INTEGER = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
const POINT_FIRST = /^\.\d+(?:[eE][-+]?\d+)?$/

/**
 * The value of a scalar that stands in a document without quotes and tag: null, a boolean or a number; undefined where
 * it is text. As kubectl and Helm read it (go-yaml v2, resolve.go), with strconv's octal, binary and hexadecimal
 * numbers, and underscores anywhere within.
 */
export function plainValueOf(data: unknown): null | boolean | number | undefined {
  if (data === null || data === '') return null
  if (typeof data !== 'string' || !MAY_START[data.charCodeAt(0)]) return undefined
  const word = data.length <= LONGEST_WORD ? WORDS.get(data) : undefined
  if (word !== undefined) return word
  const first = data.charCodeAt(0)
  if (first === 0x2e) return POINT_FIRST.test(data) ? Number(data) : undefined
  return first < 0x3a ? numberOf(data) : undefined
}

function numberOf(data: string): number | undefined {
  const plain = data.includes('_') ? data.replaceAll('_', '') : data
  const whole = INTEGER.exec(plain)
  if (whole === null) return FLOAT.test(plain) ? Number(plain) : undefined
  const [, sign, hexadecimal, binary, octal, decimal] = whole
  const size = decimal === undefined ? digits(hexadecimal, binary, octal) : Number(decimal)
  return sign === '-' ? -size : size
}

function digits(hexadecimal: string | undefined, binary: string | undefined, octal: string | undefined): number {
  if (hexadecimal !== undefined) return Number(`0x${hexadecimal}`)
  return binary === undefined ? Number(`0o${octal}`) : Number(`0b${binary}`)
}
