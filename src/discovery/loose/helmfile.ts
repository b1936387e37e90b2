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
