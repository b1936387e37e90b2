import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'

/** A chart as a resource names it. */
interface NamedChart {
  readonly name: string
  readonly version: string | undefined
  readonly path: Path
}

const CHART = /^(?:helm_?)?chart(?:_?(?:name|ref|spec))?$/i
const CHARTS = /^(?:helm_?)?charts$/i
/** An address says by itself that something is had from there. */
const ADDRESS = /^(?:helm_?)?chart_?(?:location)?_?ur[il]$/i
const AT = /^(?:oci|https?):\/\//
/** What stands beside the name of a chart that is installed, and beside no chart of a dashboard. */
const INSTALLED =
  /^(?:(?:chart|helm|target)?_?(?:version|revision)|(?:chart|helm)?_?repo(?:sitory)?(?:_?(?:url|name|ref))?|url|release_?name|sourceRef)$/i
const VERSION = /^(?:chart|target)?_?(?:version|revision)$/i
/** What is handed to a chart is not read as a resource. */
const VALUES = /^(?:values\w*|parameters|status|openAPIV3Schema)$/
/** Groups whose kinds install nothing, or are known in full. */
const OTHER_GROUPS = /^(?:argoproj\.io|(?:[a-z]+\.)?k8s\.io|(?:[\w.]+\.)?fluxcd\.io|content\.hauler\.cattle\.io)$/
const MAX_DEPTH = 12

/**
 * The first chart that the spec of a custom resource names with its version or the place that it is from, whatever the
 * kind: `{chart: redis, repo: https://charts.example}`, `chart: {name: redis, version: 1.2.3}`, `chartUrl: …`.
 */
export function chartNamedIn({ apiVersion, value }: Pick<Resource, 'apiVersion' | 'value'>): NamedChart | undefined {
  const group = groupOf(apiVersion)
  return group.includes('.') && !OTHER_GROUPS.test(group) ? namedBelow(value.spec, ['spec']) : undefined
}

function namedBelow(value: unknown, path: Path): NamedChart | undefined {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return undefined
  for (const [key, child] of Object.entries(value)) {
    if (VALUES.test(key)) continue
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    const found = (isObject(value) ? namedAt(value, key, at) : undefined) ?? namedBelow(child, at)
    if (found) return found
  }
  return undefined
}

function namedAt(holder: Record<string, unknown>, key: string, path: Path): NamedChart | undefined {
  const value = holder[key]
  if (typeof value === 'string') {
    const isInstalled = ADDRESS.test(key) || (CHART.test(key) && (AT.test(value) || saysInstalled(holder, key)))
    return isInstalled && /^\S+$/.test(value) ? { name: value, version: versionIn(holder), path } : undefined
  }
  if (CHARTS.test(key) && Array.isArray(value)) {
    const index = value.findIndex((one) => isObject(one) && nameIn(one) !== undefined && saysInstalled(one, ''))
    return index < 0 ? undefined : namedIn(value[index], [...path, index])
  }
  return CHART.test(key) && isObject(value) && (saysInstalled(value, '') || typeof value.kind === 'string')
    ? namedIn(value, path)
    : undefined
}

function namedIn(chart: Record<string, unknown>, path: Path): NamedChart | undefined {
  const key = nameIn(chart)
  return key === undefined ? undefined : { name: String(chart[key]), version: versionIn(chart), path: [...path, key] }
}

function nameIn(chart: Record<string, unknown>): string | undefined {
  return ['name', 'chart', 'url', 'git', 'repository'].find(
    (key) => typeof chart[key] === 'string' && chart[key] !== '',
  )
}

function saysInstalled(holder: Record<string, unknown>, own: string): boolean {
  return Object.keys(holder).some((key) => key !== own && INSTALLED.test(key))
}

function versionIn(holder: Record<string, unknown>): string | undefined {
  const key = Object.keys(holder).find((name) => VERSION.test(name))
  const version = key === undefined ? undefined : holder[key]
  return typeof version === 'string' || typeof version === 'number' ? String(version) : undefined
}
