import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'
import { quantities } from '../pods/pod-resources.ts'

/** How strictly a kubelet hands out processors and devices. */
export interface AlignmentSettings {
  /** `topologyManagerPolicy`. */
  readonly topologyPolicy: string
  /** `cpuManagerPolicy` static, with the option `full-pcpus-only`. */
  readonly isWholeCores: boolean
}

/** What of a pod a kubelet aligns; `''` where nothing is. */
export type Aligned = '' | 'resources' | 'odd processors'

/**
 * What of a pod a kubelet aligns where it is told to: devices, and processors and memory of a pod that is guaranteed all
 * that it asks for.
 */
export function alignedIn(spec: PodSpec): Aligned {
  const containers = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]
  const amounts = containers.map((container) => quantities(container.resources?.limits))
  const isGuaranteed = containers.length > 0 && containers.every(isFixed)
  if (isGuaranteed && amounts.some((limits) => (limits.get('cpu') ?? 0) % 2000 === 1000)) return 'odd processors'
  const hasDevice = amounts.some((limits) => [...limits.keys()].some((name) => name.includes('/')))
  return isGuaranteed || hasDevice ? 'resources' : ''
}

/** Requests are limits, of cpu and of memory. */
function isFixed({ resources }: Container): boolean {
  const [limits, requests] = [quantities(resources?.limits), quantities(resources?.requests)]
  return ['cpu', 'memory'].every((name) => {
    const limit = limits.get(name)
    return limit !== undefined && (requests.get(name) ?? limit) === limit
  })
}

const STRICT: ReadonlySet<string> = new Set(['restricted', 'single-numa-node'])

/** Why a kubelet may refuse what is aligned; undefined where it does not. Source: kubernetes 1.37, pkg/kubelet/cm. */
export function alignmentProblem(aligned: Aligned, settings: AlignmentSettings): string | undefined {
  if (aligned === '') return undefined
  const { topologyPolicy, isWholeCores } = settings
  if (STRICT.has(topologyPolicy)) {
    return `topologyManagerPolicy ${topologyPolicy} may find no place for what it asks for (TopologyAffinityError)`
  }
  return isWholeCores && aligned === 'odd processors'
    ? 'full-pcpus-only wants whole cores, and it asks for an odd number of processors (SMTAlignmentError)'
    : undefined
}
