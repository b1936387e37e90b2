import type { Finding } from '../finding.ts'
import type { Audit, WorkloadAudit, WorkloadVerdict } from './audit.ts'
import type { NodeVerdict } from './verdict.ts'

/** What `audit --json` prints. */
export interface AuditReport {
  /** Classes of equal nodes; there only when `workloads[].nodes` name classes and not nodes. */
  readonly nodeClasses?: readonly { readonly name: string; readonly nodes: readonly string[] }[]
  readonly workloads: readonly WorkloadReport[]
  readonly findings: readonly Finding[]
}

export interface WorkloadReport {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
  /** Pods wanted; null for one a node, and for what runs on demand. */
  readonly replicas: number | null
  readonly verdict: WorkloadVerdict
  readonly nodes: readonly NodeReport[]
}

/** The verdict on one node, or on one class of nodes. */
export type NodeReport = Omit<NodeVerdict, 'mayLand'> & ({ readonly name: string } | { readonly nodeClass: string })

/** Up to so many verdicts each node is listed by itself; beyond, classes of equal nodes are. */
const MAX_LISTED_VERDICTS = 100_000

/** The audit in its stable shape. */
export function auditReport({ nodeClasses, workloads }: Audit, findings: readonly Finding[]): AuditReport {
  const nodeCount = nodeClasses.reduce((sum, { nodes }) => sum + nodes.length, 0)
  if (nodeCount * workloads.length > MAX_LISTED_VERDICTS) {
    const classes = nodeClasses.map(({ nodes }, index) => ({ name: `class-${index + 1}`, nodes }))
    const list = (verdicts: readonly NodeVerdict[]) =>
      verdicts.map(({ mayLand: _, ...verdict }, index) => ({ nodeClass: `class-${index + 1}`, ...verdict }))
    return { nodeClasses: classes, workloads: workloads.map((one) => workloadReport(one, list(one.nodes))), findings }
  }
  const list = (verdicts: readonly NodeVerdict[]) =>
    verdicts
      .flatMap(({ mayLand: _, ...verdict }, index) =>
        (nodeClasses[index]?.nodes ?? []).map((name) => ({ name, ...verdict })),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  return { workloads: workloads.map((one) => workloadReport(one, list(one.nodes))), findings }
}

function workloadReport({ workload, verdict }: WorkloadAudit, nodes: readonly NodeReport[]): WorkloadReport {
  const { apiVersion, kind, namespace, name } = workload.resource
  return { apiVersion, kind, namespace, name, replicas: workload.replicas ?? null, verdict, nodes }
}
