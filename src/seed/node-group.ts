import type { Node } from 'kubernetes-types/core/v1.js'
import type { Finding } from '../finding.ts'
import { nameOfNode, platformOfNode } from '../kubernetes/node.ts'
import type { Platform } from '../oci/platform.ts'
import { type Runtime, runtimeOf } from './runtime.ts'
import { sandboxImageOf } from './sandbox-image.ts'

/** Nodes that one DaemonSet can seed: same architecture, runtime and sandbox image. */
export interface NodeGroup {
  /** A DNS label, such as `amd64-containerd`. */
  readonly name: string
  readonly platform: Platform
  readonly runtime: Runtime
  readonly sandboxImage: string
  /** Whether the host's programs need /lib64 to start. */
  readonly needsLib64: boolean
  readonly nodes: readonly Node[]
}

export interface Grouping {
  readonly groups: readonly NodeGroup[]
  /** The nodes that cannot be seeded, and why. */
  readonly findings: readonly Finding[]
}

/** Architectures whose program loader lies in /lib64; the others have theirs in /lib. Source: glibc's ABI list. */
const LIB64 = new Set(['amd64', 'ppc64le', 'riscv64', 'loong64'])

/** Puts nodes together that one DaemonSet can seed. `sandboxImage` stands in for what nodes do not report. */
export function groupNodes(nodes: readonly Node[], { sandboxImage }: { sandboxImage?: string | undefined }): Grouping {
  const findings: Finding[] = []
  const groups = new Map<string, Omit<NodeGroup, 'name' | 'nodes'> & { nodes: Node[] }>()
  for (const node of nodes) {
    const seedable = whatSeeds(node, sandboxImage)
    if ('code' in seedable) {
      findings.push(seedable)
      continue
    }
    const key = JSON.stringify([seedable.platform, seedable.runtime.name, seedable.sandboxImage, seedable.needsLib64])
    const group = groups.get(key)
    if (group) group.nodes.push(node)
    else groups.set(key, { ...seedable, nodes: [node] })
  }
  return { groups: named([...groups.values()]), findings }
}

function whatSeeds(node: Node, sandboxImage: string | undefined): Omit<NodeGroup, 'name' | 'nodes'> | Finding {
  const platform = platformOfNode(node)
  if (!platform) {
    return finding(node, 'NODE_PLATFORM_UNKNOWN', 'says neither architecture nor operating system', undefined)
  }
  const runtime = runtimeOf(node)
  if (platform.os !== 'linux' || !runtime) {
    const { osImage = platform.os, containerRuntimeVersion = 'no runtime' } = node.status?.nodeInfo ?? {}
    const hint = 'Serve the bundle to it as a registry: nodeseed serve.'
    return finding(node, 'NODE_RUNTIME_UNSUPPORTED', `runs ${osImage} with ${containerRuntimeVersion}`, hint)
  }
  const image = sandboxImage ?? sandboxImageOf(node)
  if (!image) {
    const hint = 'Name the one that its runtime uses (crictl info, sandboxImage) with --sandbox-image.'
    return finding(node, 'SANDBOX_IMAGE_UNKNOWN', 'does not report its sandbox image', hint)
  }
  const isMusl = /^Alpine/.test(node.status?.nodeInfo?.osImage ?? '')
  return { platform, runtime, sandboxImage: image, needsLib64: LIB64.has(platform.architecture) && !isMusl }
}

function named(groups: Omit<NodeGroup, 'name'>[]): NodeGroup[] {
  const seen = new Map<string, number>()
  return groups.map((group) => {
    const base = `${group.platform.architecture}-${group.runtime.name}`
    const count = (seen.get(base) ?? 0) + 1
    seen.set(base, count)
    return { ...group, name: count === 1 ? base : `${base}-${count}` }
  })
}

function finding(node: Node, code: string, problem: string, hint: string | undefined): Finding {
  const message = `node ${nameOfNode(node)} cannot be seeded: it ${problem}`
  return { code, severity: 'error', message, hint, file: undefined, line: undefined }
}
