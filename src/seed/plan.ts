import type { Node } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import type { Lock } from '../inventory.ts'
import { nameOfNode } from '../kubernetes/node.ts'
import type { Workload } from '../kubernetes/workload.ts'
import { digestOf } from '../oci/digest.ts'
import { seedSetDigest } from '../seed-set.ts'
import { kustomizeComponent } from './kustomize-component.ts'
import { renderLabelScript } from './label-script.ts'
import { groupNodes } from './node-group.ts'
import type { OutputFile } from './output-file.ts'
import { type NodePlacement, placeEverywhere } from './placement.ts'
import { seedLabel } from './seed-label.ts'
import { seedingResources } from './seeding-resources.ts'
import { selectNodes } from './workload-patch.ts'

export interface SeedingOptions {
  readonly set: string
  readonly labelDomain: string
  readonly namespace: string
  readonly bundlePath: string
  readonly sandboxImage: string | undefined
  /** Seconds between two checks of a seeded node. */
  readonly interval: number
  /** Text of the node script. */
  readonly script: string
}

/** What seeding decided, and the files that carry it out. */
export interface SeedingPlan {
  readonly namespace: string
  readonly bundlePath: string
  readonly sets: readonly { name: string; digest: string; label: string; images: readonly string[] }[]
  readonly nodes: readonly NodePlacement[]
  readonly workloads: readonly {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string | undefined
    readonly name: string
    readonly nodeSelector: Readonly<Record<string, string>>
  }[]
  readonly findings: readonly Finding[]
  readonly files: readonly OutputFile[]
}

/**
 * Decides what every node gets, and writes down what brings it there.
 *
 * @throws {ExpectedError} USAGE for a set or a domain that cannot be a label; INPUT_INVALID for a node's name
 */
export function planSeeding(
  lock: Lock,
  nodes: readonly Node[],
  workloads: readonly Workload[],
  options: SeedingOptions,
): SeedingPlan {
  nodes.forEach(checkName)
  const digest = seedSetDigest(lock)
  const label = seedLabel(options.set, digest, options.labelDomain)
  const { groups, findings } = groupNodes(nodes, options)
  const placement = placeEverywhere(groups, { name: options.set, digest, label, images: lock.images })
  const patches = workloads.map((workload) => selectNodes(workload, lock.images, label))
  const component = kustomizeComponent(patches)
  const seeding = {
    ...options,
    setDigest: digest,
    scriptDigest: digestOf(options.script).slice(0, 'sha256:'.length + 16),
  }
  const task = { namespace: options.namespace, setDigest: digest, label, nodes: placement.map(({ node }) => node) }
  return {
    namespace: options.namespace,
    bundlePath: options.bundlePath,
    sets: [{ name: options.set, digest, label: label.key, images: lock.images.flatMap(({ names }) => names) }],
    nodes: placement,
    workloads: patches.map(({ workload: { resource }, nodeSelector }) => {
      const { apiVersion, kind, namespace, name } = resource
      return { apiVersion, kind, namespace, name, nodeSelector }
    }),
    findings: [...findings, ...patches.flatMap((patch) => patch.findings), ...component.findings],
    files: [
      { path: 'seed.sh', content: options.script, executable: true },
      { path: 'labels.sh', content: renderLabelScript(task), executable: true },
      ...seedingResources(groups, seeding, options.script),
      ...component.files,
    ],
  }
}

/** A node's name goes into scripts and selectors. Source: k8s.io/apimachinery, IsDNS1123Subdomain. */
function checkName(node: Node): void {
  const name = nameOfNode(node)
  if (name.length <= 253 && /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(name)) return
  throw new ExpectedError('INPUT_INVALID', `not the name of a node: ${JSON.stringify(name)}`, {
    hint: 'Write the file with: kubectl get nodes -o json > nodes.json',
  })
}
