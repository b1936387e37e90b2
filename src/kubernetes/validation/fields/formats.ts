import { isLabelKey, isLabelValue } from '../../objects/label.ts'
import { parseMilli } from '../../objects/quantity.ts'

/** What is wrong with a value that is there; undefined where nothing is. */
export type ValueCheck = (value: unknown) => string | undefined

/** A check that says `problem` of what a test refuses. */
function check(problem: string, isRight: (text: string) => boolean): ValueCheck {
  return (value) => (isRight(String(value)) ? undefined : `${JSON.stringify(value)} ${problem}`)
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** Source of these: k8s.io/apimachinery 1.37, pkg/util/validation. */
export const isDnsLabel = (text: string) => text.length <= 63 && LABEL.test(text)
export const isSubdomain = (text: string) => text.length <= 253 && SUBDOMAIN.test(text)

export const dnsLabel = check('is no DNS label: lower case letters, digits and "-", at most 63', isDnsLabel)
export const subdomain = check('is no DNS subdomain: lower case letters, digits, "-" and "."', isSubdomain)
export const driverName = check(
  'is no name of a driver',
  (text) => text.length <= 63 && isSubdomain(text.toLowerCase()),
)
export const labelKey = check('is no key of a label', isLabelKey)
export const labelValue = check('is no value of a label', isLabelValue)
export const portName = check(
  'is no name of a port: at most 15 lower case letters, digits and "-", some of them letters',
  (text) => text.length <= 15 && /^[a-z0-9](?:-?[a-z0-9])*$/.test(text) && /[a-z]/.test(text),
)
export const address = check(
  'is no IP address',
  (text) =>
    IPV4.test(text) || (/^[0-9a-fA-F:.]*$/.test(text) && text.includes(':') && URL.canParse(`http://[${text}]`)),
)
export const variableName = check('is no name of an environment variable', (text) => /^[ -<>-~]*$/.test(text))
export const pathBelow = check(
  'must stay below the volume: relative, without ".."',
  (text) => !text.startsWith('/') && !text.split('/').includes('..'),
)
export const withoutBacksteps = check('must not contain ".."', (text) => !text.split('/').includes('..'))
export const absolute = check('is no absolute path', (text) => text.startsWith('/'))
export const configKey = check(
  'is no key of a ConfigMap or Secret',
  (text) => /^[-._a-zA-Z0-9]{1,253}$/.test(text) && !text.startsWith('..') && text !== '.',
)
export const sysctl = check(
  'is no name of a sysctl',
  (text) =>
    text.length <= 253 && /^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/.test(text),
)
export const searchDomain = check('is no search domain', (text) => {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  return (
    text === '.' ||
    (name.length <= 253 && /^[_a-z0-9](?:[-_a-z0-9]*[_a-z0-9])?(?:\.[_a-z0-9](?:[-_a-z0-9]*[_a-z0-9])?)*$/.test(name))
  )
})
export const containerResource = check('is no resource that a container can be told', (text) =>
  /^(?:limits|requests)\.(?:cpu|memory|ephemeral-storage|hugepages-.+)$/.test(text),
)
export const timeZone = check('is no time zone', (text) => {
  if (
    text === '' ||
    /^local$/i.test(text) ||
    !text.split('/').every((part) => /^[A-Za-z._0-9+][-A-Za-z._0-9+]{0,13}$/.test(part))
  )
    return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
})
/** The request of a claim. */
export const storageRequest: ValueCheck = (value) =>
  (parseMilli((value as { storage?: unknown }).storage) ?? 0) > 0 ? undefined : 'asks for no storage'
/** YAML 1.1, which kubectl reads, has 0644 for 420; a reader of YAML 1.2 gives 644. */
export const fileMode = check('is no mode of a file', (text) => {
  const mode = Number(text)
  return (mode >= 0 && mode <= 0o777) || /^[0-7]{3}$/.test(text)
})
export const id = between(0, 2 ** 31 - 1)
export const notNegative = between(0, Number.MAX_SAFE_INTEGER)
export const port = between(1, 65_535)
export const headerName = check('is no name of an HTTP header', (text) => /^[-A-Za-z0-9]+$/.test(text))
export const schedule = check('is no cron schedule', isSchedule)

/** One of these words, which are separated by spaces. */
export function oneOf(words: string): ValueCheck {
  const known = words.split(' ')
  return check(`is none of ${known.join(', ')}`, (text) => known.includes(text))
}

export function between(least: number, most: number): ValueCheck {
  return (value) => {
    const number = Number(value)
    if (number >= least && number <= most) return undefined
    return most === Number.MAX_SAFE_INTEGER
      ? `${number} is less than ${least}`
      : `${number} is not between ${least} and ${most}`
  }
}

/** A number of a port, or its name. */
export const portOrName: ValueCheck = (value) => (typeof value === 'number' ? port(value) : portName(value))

/** `5`, or `25%`. */
export const countOrPercent: ValueCheck = (value) =>
  (typeof value === 'number' ? value >= 0 : /^\d+%$/.test(String(value)))
    ? undefined
    : `${JSON.stringify(value)} is neither a count nor a percentage`

/** The keys and values of labels. */
export const labels: ValueCheck = (value) => {
  for (const [key, text] of Object.entries(value as object)) {
    const problem = labelKey(key) ?? labelValue(text ?? '')
    if (problem !== undefined) return problem
  }
  return undefined
}

/** The keys of annotations. */
export const annotationKeys: ValueCheck = (value) => {
  for (const key of Object.keys(value as object)) {
    const problem = labelKey(key.toLowerCase())
    if (problem !== undefined) return problem
  }
  return undefined
}

export function isQuantity(value: unknown): boolean {
  return parseMilli(value) !== undefined
}

const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const
const NAMES = /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)$/i

/** Source: github.com/robfig/cron/v3, ParseStandard; without a time zone, which Kubernetes refuses in it. */
function isSchedule(text: string): boolean {
  if (/^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(text) || /^@every \S/.test(text)) return true
  const fields = text.trim().split(/\s+/)
  return fields.length === RANGES.length && fields.every((field, index) => isField(field, RANGES[index] ?? [0, 0]))
}

function isField(field: string, [least, most]: readonly [number, number]): boolean {
  return field.split(',').every((part) => {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? []
    if (range === '' || step === '0') return false
    if (range === '*' || range === '?') return true
    const ends = range.split('-')
    const numbers = ends.map((end) => (/^\d+$/.test(end) ? Number(end) : NAMES.test(end) ? least : Number.NaN))
    if (ends.length > 2 || !numbers.every((number) => number >= least && number <= most)) return false
    return ends.some((end) => NAMES.test(end)) || (numbers[0] ?? 0) <= (numbers[1] ?? most)
  })
}
