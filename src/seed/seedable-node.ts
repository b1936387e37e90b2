import type { Node } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import { nameOfNode, platformOfNode } from '../kubernetes/node.ts'
import type { Platform } from '../oci/platform.ts'
import { type Runtime, runtimeOf } from './runtime.ts'
import { sandboxImageOf } from './sandbox-image.ts'

/** A node that a seeding pod can run on, and what the pod must know of it. */
export interface SeedableNode {
  readonly name: string
  readonly node: Node
  readonly platform: Platform
  readonly runtime: Runtime
  readonly sandboxImage: string
  /** Whether the host's programs need /lib64 to start. */
  readonly needsLib64: boolean
}

/** Architectures whose program loader lies in /lib64; the others have theirs in /lib. Source: glibc's ABI list. */
const LIB64 = new Set(['amd64', 'ppc64le', 'riscv64', 'loong64'])

/**
 * The nodes that can be seeded; of the others, why not. `sandboxImage` stands in for what nodes do not report.
 *
 * @throws {ExpectedError} INPUT_INVALID for a node whose name no node can have
 */
export function seedableNodes(
  nodes: readonly Node[],
  sandboxImage?: string | undefined,
): { seedable: SeedableNode[]; findings: Finding[] } {
  nodes.forEach(checkName)
  const answers = nodes.map((node) => seedable(node, sandboxImage))
  return {
    seedable: answers.filter((answer) => 'node' in answer),
    findings: answers.filter((answer) => 'code' in answer),
  }
}

function seedable(node: Node, sandboxImage: string | undefined): SeedableNode | Finding {
  const platform = platformOfNode(node)
  if (!platform) {
    return finding(node, 'NODE_PLATFORM_UNKNOWN', 'says neither architecture nor operating system', undefined)
  }
  const runtime = runtimeOf(node)
  const { osImage = platform.os, containerRuntimeVersion = 'no runtime' } = node.status?.nodeInfo ?? {}
  if (platform.os !== 'linux' || !runtime) {
    const what = `runs ${osImage} with ${containerRuntimeVersion}`
    return finding(node, 'NODE_RUNTIME_UNSUPPORTED', what, wayFor(osImage, containerRuntimeVersion))
  }
  const image = sandboxImage ?? sandboxImageOf(node)
  if (!image) {
    const hint = 'Name the one that its runtime uses (crictl info, sandboxImage) with --sandbox-image.'
    return finding(node, 'SANDBOX_IMAGE_UNKNOWN', 'does not report its sandbox image', hint)
  }
  const needsLib64 = LIB64.has(platform.architecture) && !osImage.startsWith('Alpine')
  return { name: nameOfNode(node), node, platform, runtime, sandboxImage: image, needsLib64 }
}

/** How a node gets its images that no pod of ours can bring them to. */
function wayFor(osImage: string, runtimeVersion: string): string {
  if (osImage.startsWith('Talos')) return 'Write an image cache: sh seed.sh --method talos --root DIR BUNDLE'
  if (osImage.startsWith('Bottlerocket')) return 'Bake a data volume: sh seed.sh --method bake --root DIR BUNDLE'
  if (/^(cri-o|docker):/.test(runtimeVersion)) return 'Run the script on the node itself: sh seed.sh BUNDLE'
  return 'Serve the bundle to it as a registry: nodeseed serve.'
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
