import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../../documents/path.ts'
import { isObject, objectsOf } from '../../objects/resource.ts'
import { mountedVolumes } from '../../pods/mounted-volumes.ts'

const MEDIUM = 'HugePages'
const RESOURCE = 'hugepages-'

interface Unmounted {
  readonly message: string
  readonly isCertain: true
}

/**
 * The volumes in huge pages of a size that no container of the pod requests, or of no size in particular where they
 * request several. Source: kubernetes 1.36, pkg/volume/emptydir, getPageSizeMountOption.
 */
export function hugePageVolumes(spec: PodSpec): Unmounted[] {
  const volumes = objectsOf(spec.volumes).flatMap(({ name, emptyDir }) => {
    const medium = valueAt(emptyDir, ['medium'])
    return typeof medium === 'string' && medium.startsWith(MEDIUM)
      ? [{ name, size: medium.slice(`${MEDIUM}-`.length) }]
      : []
  })
  if (volumes.length === 0) return []
  const mounted = mountedVolumes(spec)
  const sizes = requestedSizes(spec)
  const unmounted = volumes.filter(({ name, size }) => {
    const isThere = size ? sizes.has(size) : sizes.size === 1
    return mounted.has(name) && !isThere
  })
  return unmounted.map(({ name, size }) => ({
    message: `volume ${name}: no container requests huge pages of ${size || 'one size'} for it (FailedMount)`,
    isCertain: true,
  }))
}

/** Those of pod and containers; a limit without a request is the request. */
function requestedSizes(spec: PodSpec): ReadonlySet<string> {
  const all: object[] = [spec, ...objectsOf(spec.initContainers), ...objectsOf(spec.containers)]
  const names = all.flatMap((one) =>
    ['requests', 'limits'].flatMap((key) => {
      const amounts = valueAt(one, ['resources', key])
      return isObject(amounts) ? Object.keys(amounts) : []
    }),
  )
  return new Set(names.filter((name) => name.startsWith(RESOURCE)).map((name) => name.slice(RESOURCE.length)))
}
