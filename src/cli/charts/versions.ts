import maxSatisfying from 'semver/ranges/max-satisfying.js'
import validRange from 'semver/ranges/valid.js'

/** A version of a chart as helm reads tags: complete, without a `v`; a tag has `_` where a version has `+`. */
const CHART_VERSION = /^\d+\.\d+\.\d+(?:[-_+][\w.+-]+)?$/

/**
 * The newest tag within a range, as helm and Flux write ranges: with commas or blanks between what has to hold at once,
 * `||` between alternatives, `!=` for what is not meant. Undefined where there is none. A pre-release counts where the
 * range names one.
 */
export function newestWithin(tags: readonly string[], range: string): string | undefined {
  const { asked, excluded } = readRange(range)
  if (validRange(asked, { loose: true }) === null) return undefined
  const options = { loose: true, includePrerelease: /\d-[\dA-Za-z]/.test(asked) }
  const newest = (among: readonly string[]) => {
    const byVersion = new Map(among.map((tag) => [completed(tag), tag]))
    const left = [...byVersion.keys()].filter((version) => !excluded.includes(version.replace(/^v/, '')))
    const found = maxSatisfying(left, asked, options)
    return found === null ? undefined : byVersion.get(found)
  }
  return newest(tags.filter((tag) => CHART_VERSION.test(tag))) ?? newest(tags.filter((tag) => /^v?\d/.test(tag)))
}

/** Flux takes `1` and `1.2` for versions too. */
function completed(tag: string): string {
  const version = tag.replaceAll('_', '+')
  const [, major, minor = '0', rest = ''] = /^v?(\d+)(?:\.(\d+))?([-+].*)?$/.exec(version) ?? []
  return major === undefined ? version : `${major}.${minor}.0${rest}`
}

/** Whether a text is a version, and no range. */
export function isVersion(text: string): boolean {
  return /^v?\d+\.\d+\.\d+(?:[-+_][\w.+-]*)?$/.test(text)
}

/** The tag under which a chart of that version is pushed. */
export function tagOfVersion(version: string): string {
  return version.replaceAll('+', '_')
}

function readRange(range: string): { asked: string; excluded: readonly string[] } {
  const excluded = Array.from(range.matchAll(/!=\s*v?([\w.+-]+)/g), ([, version = '']) => version)
  const asked = range
    .replace(/!=\s*[\w.+-]+/g, ' ')
    .replaceAll(',', ' ')
    .replaceAll('=>', '>=')
    .replaceAll('=<', '<=')
    .trim()
  return { asked: asked || '*', excluded }
}

/** Quantified groups may take longer than anybody waits. */
const SLOW = /\)[*+?{]/
const MAX_FILTER = 200

/** Which tags a filter of Flux takes; undefined for one that is not understood. */
export function tagFilter(filter: string): ((tag: string) => boolean) | undefined {
  if (SLOW.test(filter) || filter.length > MAX_FILTER) return undefined
  try {
    const expression = new RegExp(filter.replaceAll('(?P<', '(?<'))
    return (tag) => expression.test(tag)
  } catch {
    return undefined
  }
}
