import type { Node } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../../errors.ts'
import { type Finding, type FindingDetails, finding } from '../../finding.ts'
import type { FindingCode } from '../../finding-codes.ts'
import { nameOfNode, platformOfNode } from '../../kubernetes/objects/node.ts'
import type { NodeAtHand } from '../methods/contract/method.ts'
import type { SeedingRuntime } from '../methods/contract/seeding-runtime.ts'
import { methodOf, misfit } from '../methods/method-fit.ts'
import { type MethodName, methodNamed } from '../methods/methods.ts'
import { sandboxImageOf } from './sandbox-image.ts'

/** A node that a seeding pod can run on, and what the pod must know of it. */
export interface SeedableNode extends NodeAtHand {
  readonly method: MethodName
  readonly runtime: SeedingRuntime
  readonly sandboxImage: string
  /** Whether the host's programs need /lib64 to start. */
  readonly needsLib64: boolean
}

/** A node whose images come from outside the cluster, because no pod can bring them or none is to. */
export interface OutOfBandNode extends NodeAtHand {
  readonly method: MethodName
}

export interface NodeOptions {
  /** Stands in for what nodes do not report. */
  readonly sandboxImage?: string | undefined
  /** The method that was asked for, by the name of the node; else what fits the node. */
  readonly methodFor?: ((node: string) => MethodName | undefined) | undefined
}

/** Architectures whose program loader lies in /lib64; the others have theirs in /lib. Source: glibc's ABI list. */
const LIB64 = new Set(['amd64', 'ppc64le', 'riscv64', 'loong64'])

/**
 * The nodes that a pod can seed, and those that are prepared from outside; of the others, why neither.
 *
 * @throws {ExpectedError} INPUT_INVALID for a node whose name no node can have
 */
export function seedableNodes(
  nodes: readonly Node[],
  options: NodeOptions = {},
): { seedable: SeedableNode[]; outOfBand: OutOfBandNode[]; findings: Finding[] } {
  nodes.forEach(checkName)
  const answers = nodes.map((node) => seedable(node, options))
  return {
    seedable: answers.filter((answer) => 'runtime' in answer),
    outOfBand: answers.filter((answer) => isOutOfBand(answer)),
    findings: answers.filter((answer) => 'code' in answer),
  }
}

function isOutOfBand(answer: SeedableNode | OutOfBandNode | Finding): answer is OutOfBandNode {
  return 'method' in answer && !('runtime' in answer)
}

function seedable(node: Node, { sandboxImage, methodFor }: NodeOptions): SeedableNode | OutOfBandNode | Finding {
  const name = nameOfNode(node)
  const platform = platformOfNode(node)
  if (!platform) {
    return unseedable(node, 'NODE_PLATFORM_UNKNOWN', 'says neither architecture nor operating system')
  }
  const { osImage = platform.os, containerRuntimeVersion } = node.status?.nodeInfo ?? {}
  if (platform.os === 'linux' && containerRuntimeVersion === undefined && !methodOf(node)) {
    return unseedable(node, 'NODE_RUNTIME_UNKNOWN', 'does not say which runtime it has (status.nodeInfo)')
  }
  const asked = methodFor?.(name)
  const unfit = asked && platform.os === 'linux' ? misfit(asked, node) : undefined
  if (asked && unfit) {
    const hint = `Leave --method out for this node, or name one that fits: --method ${name}=${methodOf(node) ?? 'METHOD'}`
    return finding('METHOD_UNFIT', `node ${name}: ${asked} cannot seed it: ${unfit}`, { hint })
  }
  const method = platform.os === 'linux' ? (asked ?? methodOf(node)) : undefined
  if (!method) {
    // The pods of others than Linux nodes are others too, and may need none of the bundle.
    const severity = platform.os === 'linux' ? 'error' : 'warning'
    return unseedable(node, 'NODE_RUNTIME_UNSUPPORTED', `runs ${osImage} with ${containerRuntimeVersion}`, { severity })
  }
  const { seeding } = methodNamed(method)
  if (seeding?.by === 'operator') return { name, node, platform, method }
  const runtime = seeding?.runtimeOf(node)
  if (!runtime) return unseedable(node, 'NODE_RUNTIME_UNSUPPORTED', `runs with ${containerRuntimeVersion}`)
  const image = sandboxImage ?? sandboxImageOf(node)
  if (!image) {
    const hint = 'Name the one that its runtime uses (crictl info, sandboxImage) with --sandbox-image.'
    return unseedable(node, 'SANDBOX_IMAGE_UNKNOWN', 'does not report its sandbox image', { severity: 'error', hint })
  }
  const needsLib64 = LIB64.has(platform.architecture) && !osImage.startsWith('Alpine')
  return { name, node, platform, method, runtime, sandboxImage: image, needsLib64 }
}

/** A node's name goes into scripts and selectors. Source: k8s.io/apimachinery, IsDNS1123Subdomain. */
function checkName(node: Node): void {
  const name = nameOfNode(node)
  if (name.length <= 253 && /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(name)) return
  throw new ExpectedError('INPUT_INVALID', `not the name of a node: ${JSON.stringify(name)}`, {
    hint: 'Write the file with: kubectl get nodes -o json > nodes.json',
  })
}

function unseedable<C extends FindingCode>(
  node: Node,
  code: C,
  problem: string,
  details: FindingDetails<C> = {},
): Finding {
  return finding(code, `node ${nameOfNode(node)} cannot be seeded by a pod: it ${problem}`, details)
}
