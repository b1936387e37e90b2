import type { Node } from 'kubernetes-types/core/v1.js'
import type { Finding } from '../../finding.ts'
import { nameOfNode, newestKubelet } from '../../kubernetes/objects/node.ts'
import type { Resource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { type Audit, audit, lockedByName, type WorkloadAudit, type WorkloadVerdict } from '../audit.ts'
import { withAssumedLabels } from '../facts/assumed-labels.ts'
import type { Conditions } from '../facts/conditions.ts'
import { nameOnNode } from '../facts/images/image-lookup.ts'
import { bareNodesFinding, type NodeBytes, nodeBytes, unneededFinding } from '../facts/node-bytes.ts'
import { type NodeSeeding, nodeSeedings } from '../facts/node-seeding.ts'
import { idleFindings, idleReason, notJudgedFindings } from '../findings/accounting.ts'
import { csiDriverFindings } from '../findings/cluster/csi-drivers.ts'
import { deletionFindings } from '../findings/cluster/deletion-findings.ts'
import { lackingRoom } from '../findings/cluster/lacking-room.ts'
import { liveTroubleFindings, liveTroubles, withLiveTrouble } from '../findings/cluster/live-trouble.ts'
import { refusalFindings } from '../findings/cluster/refusal-findings.ts'
import { roomFindings, withRoom } from '../findings/cluster/room-findings.ts'
import { tagDifferences } from '../findings/cluster/tag-differences.ts'
import { contradictions } from '../findings/contradictions.ts'
import { type Fix, fixesOf, fixQuestions } from '../findings/fixes.ts'
import { mutationFindings } from '../findings/mutation-findings.ts'
import { namedFindings } from '../findings/named-findings.ts'
import { nodeFindings } from '../findings/node-findings.ts'
import { countLabels } from '../findings/separating-label.ts'
import { webhookFindings } from '../findings/webhook-findings.ts'
import { workloadFindings } from '../findings/workload-findings.ts'
import { type AccountedImages, accountImages } from '../named/named-images.ts'
import type { ScannedImage } from '../named/scanned-image.ts'
import { unnamedImages } from '../named/unnamed-images.ts'
import { customNotJudged, generatedNotJudged, type NotJudged, pausedNotJudged, templateless } from '../not-judged.ts'
import type { NodeVerdict } from '../verdict/verdict.ts'
import { type ImageReport, imageReports } from './named-report.ts'
import { type AuditSummary, summaryOf } from './summary.ts'

/** An audit with all that it has to say. */
export interface AuditResult extends Audit {
  /** What has pods that no verdict is about. */
  readonly notJudged: readonly NotJudged[]
  /** Every image that the inputs name. */
  readonly images: AccountedImages
  /** What will start images that nobody knows by name. */
  readonly unnamed: readonly Finding[]
  readonly findings: readonly Finding[]
  readonly bytes: ReadonlyMap<string, NodeBytes>
  /** Which seed sets each node holds or is to hold. */
  readonly seeding: readonly NodeSeeding[]
  /** What would help each workload that is not safe, the smallest first. */
  readonly fixesOf: (workload: WorkloadAudit) => readonly Fix[]
}

/** Audits workloads against nodes; `findings`, `images` and `resources` are those of the scan before. */
export function auditCluster(
  workloads: readonly Workload[],
  nodes: readonly Node[],
  told: Conditions,
  findings: readonly Finding[] = [],
  images: readonly ScannedImage[] = [],
  resources: readonly Resource[] = [],
): AuditResult {
  const conditions = { apiServerMinor: newestKubelet(nodes), ...told }
  const then = withAssumedLabels(nodes, conditions)
  const judged = audit(workloads, then, conditions)
  const lacking = lackingRoom(judged, then, conditions)
  const troubles = liveTroubles(conditions.livePods ?? [])
  const result = withLiveTrouble(withRoom(judged, lacking), troubles)
  const locked = lockedByName(conditions.lock?.images ?? [])
  const accounted = accountImages(images, workloads, nodes, { locked, conditions })
  const needed = new Set(result.workloads.flatMap(({ podClass }) => podClass.images.flatMap(({ name }) => name ?? [])))
  for (const { uses } of accounted.named)
    for (const { reference } of uses) needed.add(nameOnNode(reference) ?? reference)
  const bytes = nodeBytes(nodes, locked, needed, conditions)
  const notJudged = [
    ...customNotJudged(images, workloads),
    ...pausedNotJudged(workloads, conditions.livePods ?? []),
    ...templateless(resources),
    ...generatedNotJudged(resources),
  ]
  return {
    ...result,
    notJudged,
    images: accounted,
    unnamed: unnamedImages(findings, workloads),
    bytes,
    seeding: nodeSeedings(nodes, locked, conditions),
    fixesOf: fixesByVerdicts(result, then, conditions),
    findings: [
      // With a mirror, the verdicts say which of these are served.
      ...findings.filter(({ code }) => code !== 'POLICY_ALWAYS' || !conditions.hasMirror),
      ...notJudgedFindings(notJudged),
      ...namedFindings(accounted.named, nodes.length),
      ...idleFindings(workloads),
      ...workloadFindings(result, conditions),
      ...mutationFindings(result, conditions),
      ...refusalFindings(result, conditions),
      ...deletionFindings(result, resources, conditions),
      ...roomFindings(lacking),
      ...liveTroubleFindings(result, troubles),
      ...webhookFindings(result, resources, conditions),
      ...contradictions(result),
      ...csiDriverFindings(result, conditions),
      ...tagDifferences(result, nodes, { locked, conditions }),
      ...nodeFindings(nodes, { locked, needed, conditions }),
      ...bareNodesFinding(bytes, conditions),
      ...unneededFinding(bytes),
    ],
  }
}

/** Workloads of one class share their verdicts, and so what would help them; asked only where somebody wants to know. */
function fixesByVerdicts(
  { nodeClasses }: Audit,
  nodes: readonly Node[],
  conditions: Conditions,
): (workload: WorkloadAudit) => readonly Fix[] {
  const byName = new Map(nodes.map((node) => [nameOfNode(node), node]))
  let questions: ReturnType<typeof fixQuestions> | undefined
  const known = new Map<readonly NodeVerdict[], readonly Fix[]>()
  return ({ verdict, podClass, nodes: verdicts }) => {
    if (verdict === 'safe') return []
    const countAll = () => nodeClasses.map((one) => countLabels(one.nodes.flatMap((name) => byName.get(name) ?? [])))
    questions ??= fixQuestions(nodeClasses, countAll(), conditions)
    const fixes = known.get(verdicts) ?? fixesOf(podClass, verdicts, questions)
    known.set(verdicts, fixes)
    return fixes
  }
}

/** What `audit --json` prints. Its schema is schemas/audit.json. */
export interface AuditReport {
  /** Classes of equal nodes; there only when `workloads[].nodes` name classes and not nodes. */
  readonly nodeClasses?: readonly { readonly name: string; readonly nodes: readonly string[] }[]
  readonly workloads: readonly WorkloadReport[]
  /** Every image that the inputs name. */
  readonly images: readonly ImageReport[]
  /** Which seed sets each node holds or is to hold. */
  readonly seeding: readonly NodeSeeding[]
  readonly summary: AuditSummary
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
  /** Why it wants no pods now; left out where it wants some. */
  readonly idle?: string
  /** What would help; empty for what is safe. */
  readonly fixes: readonly FixReport[]
}

/** `nodes` is left out where classes of nodes are listed: the names of all their nodes would be too long. */
export interface FixReport extends Omit<Fix, 'nodes'> {
  readonly count: number
  readonly nodes?: readonly string[]
}

/** The verdict on one node, or on one class of nodes. */
export type NodeReport = Omit<NodeVerdict, 'mayLand'> & ({ readonly name: string } | { readonly nodeClass: string })

/** Up to so many verdicts each node is listed by itself; beyond, classes of equal nodes are. */
const MAX_LISTED_VERDICTS = 100_000

/** The audit in its stable shape. */
export function auditReport(result: AuditResult): AuditReport {
  const { nodeClasses, workloads, findings, seeding, fixesOf } = result
  const nodeCount = nodeClasses.reduce((sum, { nodes }) => sum + nodes.length, 0)
  const isLarge = nodeCount * workloads.length > MAX_LISTED_VERDICTS
  const classes = nodeClasses.map(({ nodes }, index) => ({ name: `class-${index + 1}`, nodes }))
  const listByClass = (verdicts: readonly NodeVerdict[]): NodeReport[] =>
    verdicts.map(({ mayLand: _, ...verdict }, index) => ({ nodeClass: `class-${index + 1}`, ...verdict }))
  const listByNode = (verdicts: readonly NodeVerdict[]): NodeReport[] =>
    verdicts
      .flatMap(({ mayLand: _, ...verdict }, index) =>
        (nodeClasses[index]?.nodes ?? []).map((name) => ({ name, ...verdict })),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  const listed = new Map<readonly NodeVerdict[], NodeReport[]>()
  const list = (verdicts: readonly NodeVerdict[]): NodeReport[] => {
    const known = listed.get(verdicts) ?? (isLarge ? listByClass(verdicts) : listByNode(verdicts))
    listed.set(verdicts, known)
    return known
  }
  const reported = new Map<readonly Fix[], FixReport[]>()
  const reportFixes = (fixes: readonly Fix[]): FixReport[] => {
    const known =
      reported.get(fixes) ??
      fixes.map(({ nodes: helped, ...fix }) => ({
        ...fix,
        count: helped.length,
        ...(!isLarge && { nodes: helped }),
      }))
    reported.set(fixes, known)
    return known
  }
  const reports = workloads.map((one): WorkloadReport => {
    const { apiVersion, kind, namespace, name } = one.workload.resource
    const nodes = list(one.nodes)
    const replicas = one.workload.replicas ?? null
    const fixes = reportFixes(fixesOf(one))
    const idle = idleReason(one.workload)
    return {
      ...{ apiVersion, kind, namespace, name, replicas, verdict: one.verdict },
      ...(idle !== undefined && { idle }),
      ...{ nodes, fixes },
    }
  })
  const [images, summary] = [imageReports(result.images), summaryOf(result)]
  return { ...(isLarge && { nodeClasses: classes }), workloads: reports, images, seeding, summary, findings }
}
