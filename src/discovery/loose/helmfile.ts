import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'

/** The charts that a helmfile installs from elsewhere; one of a path beside it is rendered where it lies. */
export function helmfileCharts(value: unknown): { readonly what: string; readonly path: Path }[] {
  if (!isObject(value) || !Array.isArray(value.releases)) return []
  return value.releases.flatMap((release: unknown, index) => {
    if (!isObject(release) || typeof release.chart !== 'string' || /^\.{0,2}\//.test(release.chart)) return []
    const version = typeof release.version === 'string' ? ` ${release.version}` : ''
    return [{ what: `chart ${release.chart}${version}`, path: ['releases', index, 'chart'] }]
  })
}

/** `kubernetes.core.helm: {chart_ref: repo/web}` of Ansible, `type: kubernetes:helm.sh/v3:Release` of Pulumi. */
export function toolCharts(value: unknown, path: Path = []): { readonly what: string; readonly path: Path }[] {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return []
  const inside = Object.entries(value).flatMap(([key, part]) =>
    toolCharts(part, [...path, Array.isArray(value) ? Number(key) : key]),
  )
  const own = Array.isArray(value) ? undefined : chartIn(value as Record<string, unknown>)
  return own ? [{ what: `chart ${own.chart}`, path: [...path, ...own.path] }, ...inside] : inside
}

const MAX_DEPTH = 12

function chartIn(map: Record<string, unknown>): { readonly chart: string; readonly path: Path } | undefined {
  const { chart_ref: chart, type, properties } = map
  if (typeof chart === 'string' && !/^\.{0,2}\//.test(chart)) return { chart, path: ['chart_ref'] }
  const isRelease = typeof type === 'string' && /^kubernetes:helm\.sh\/v\d:(?:Release|Chart)$/.test(type)
  if (!isRelease || !isObject(properties) || typeof properties.chart !== 'string') return undefined
  return { chart: properties.chart, path: ['properties', 'chart'] }
}
