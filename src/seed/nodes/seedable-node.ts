import type { Node } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import { nameOfNode, platformOfNode } from '../../kubernetes/objects/node.ts'
import type { NodeAtHand } from '../methods/method.ts'
import { methodOf, misfit } from '../methods/method-fit.ts'
import { type MethodName, methodNamed } from '../methods/methods.ts'
import type { SeedingRuntime } from '../methods/seeding-runtime.ts'
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
    return finding(node, 'NODE_PLATFORM_UNKNOWN', 'says neither architecture nor operating system', undefined)
  }
  const { osImage = platform.os, containerRuntimeVersion } = node.status?.nodeInfo ?? {}
  if (platform.os === 'linux' && containerRuntimeVersion === undefined && !methodOf(node)) {
    const hint = 'Write the file anew with kubectl get nodes -o json once its kubelet has reported.'
    return finding(node, 'NODE_RUNTIME_UNKNOWN', 'does not say which runtime it has (status.nodeInfo)', hint)
  }
  const asked = methodFor?.(name)
  const unfit = asked && platform.os === 'linux' ? misfit(asked, node) : undefined
  if (asked && unfit) {
    const hint = `Leave --method out for this node, or name one that fits: --method ${name}=${methodOf(node) ?? 'METHOD'}`
    return { ...finding(node, 'METHOD_UNFIT', unfit, hint), message: `node ${name}: ${asked} cannot seed it: ${unfit}` }
  }
  const method = platform.os === 'linux' ? (asked ?? methodOf(node)) : undefined
  if (!method) {
    const hint = 'Serve the bundle to it as a registry: nodeseed serve.'
    const said = finding(node, 'NODE_RUNTIME_UNSUPPORTED', `runs ${osImage} with ${containerRuntimeVersion}`, hint)
    // Its pods are others than those of Linux nodes, and may need none of the bundle.
    return platform.os === 'linux' ? said : { ...said, severity: 'warning' }
  }
  const { seeding } = methodNamed(method)
  if (seeding?.by === 'operator') return { name, node, platform, method }
  const runtime = seeding?.runtimeOf(node)
  if (!runtime) return finding(node, 'NODE_RUNTIME_UNSUPPORTED', `runs with ${containerRuntimeVersion}`, undefined)
  const image = sandboxImage ?? sandboxImageOf(node)
  if (!image) {
    const hint = 'Name the one that its runtime uses (crictl info, sandboxImage) with --sandbox-image.'
    return finding(node, 'SANDBOX_IMAGE_UNKNOWN', 'does not report its sandbox image', hint)
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

function finding(node: Node, code: string, problem: string, hint: string | undefined): Finding {
  const message = `node ${nameOfNode(node)} cannot be seeded by a pod: it ${problem}`
  return { code, severity: 'error', message, hint, file: undefined, line: undefined }
}
