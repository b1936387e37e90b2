const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E))?$/

/** As nearly all are; their thousandths are exact as a number. */
const SIMPLE = /^(\d{1,12})(m|Ki|Mi|Gi|Ti)?$/
const SIMPLE_MILLI: Readonly<Record<string, number>> = {
  m: 1,
  Ki: 1000 * 2 ** 10,
  Mi: 1000 * 2 ** 20,
  Gi: 1000 * 2 ** 30,
  Ti: 1000 * 2 ** 40,
}

const DECIMAL = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const BINARY = new Map([
  ['Ki', 10n],
  ['Mi', 20n],
  ['Gi', 30n],
  ['Ti', 40n],
  ['Pi', 50n],
  ['Ei', 60n],
])

/**
 * A resource quantity (`500m`, `1.5`, `2Gi`, `1e3`) in thousandths of its unit, rounded up as the scheduler does;
 * undefined for what is none. Source: k8s.io/apimachinery 1.36, pkg/api/resource.
 */
export function parseMilli(quantity: unknown): number | undefined {
  const text = typeof quantity === 'number' ? String(quantity) : typeof quantity === 'string' ? quantity : ''
  const simple = SIMPLE.exec(text)
  if (simple) return Number(simple[1]) * (SIMPLE_MILLI[simple[2] ?? ''] ?? 1000)
  const match = QUANTITY.exec(text)
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = match ?? []
  if (!match || whole + fraction === '') return undefined
  const power = Number(exponent ?? DECIMAL.get(suffix) ?? 0) - fraction.length + 3
  const digits = BigInt(whole + fraction) << (BINARY.get(suffix) ?? 0n)
  const milli = power >= 0 ? digits * 10n ** BigInt(power) : ceilDivide(digits, 10n ** BigInt(-power))
  return Number(sign === '-' ? -milli : milli)
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor
}
