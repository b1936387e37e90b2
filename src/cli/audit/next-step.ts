import type { WorkloadAudit } from '../../audit/audit.ts'
import type { AuditResult } from '../../audit/report/report.ts'
import { countOf } from '../../plural.ts'
import { quote } from '../../quote.ts'

/** How far the way from manifests to seeded nodes has been gone, as far as an audit was told. */
export interface WayGone {
  /** The manifests; none where the cluster's own workloads were judged. */
  readonly inputs: readonly string[]
  /** File of the nodes; undefined where they were read from the cluster. */
  readonly nodes: string | undefined
  readonly bundle: string | undefined
  /** What was only supposed: that every node was seeded. */
  readonly isAssumed: boolean
  readonly placement: PlacementGone | undefined
}

/** What `seed` wrote, and how far its labels are set. */
export interface PlacementGone {
  readonly directory: string
  /** The nodes of it that lack the label of one of their sets. */
  readonly unlabelled: readonly string[]
  /** The keys of these labels, by which workloads select nodes. */
  readonly labels: readonly string[]
}

/** What is to be done next, and the commands that do it. */
export interface NextStep {
  readonly why: string
  readonly commands: readonly string[]
}

/** Reasons that go away when nodes are seeded, and workloads keep to these nodes. */
const OF_IMAGES = new Set(['ImageMissing', 'ImageUnknown', 'SandboxImageMissing'])

/** The step of the way that comes next; undefined where it has been gone, or images are not what is in the way. */
export function nextStep({ workloads }: Pick<AuditResult, 'workloads'>, way: WayGone): NextStep | undefined {
  const waiting = workloads.filter(waitsForImages)
  const { bundle, placement, isAssumed } = way
  const isUnlabelled = placement !== undefined && placement.unlabelled.length > 0
  const isOpen = isUnlabelled || (isAssumed && bundle !== undefined)
  if (waiting.length === 0 && !isOpen) return undefined
  const inputs = way.inputs.map(quote).join(' ') || 'MANIFESTS'
  const nodes = quote(way.nodes ?? 'nodes.json')
  const list = `kubectl get nodes -o json > ${nodes}`
  if (placement) {
    const directory = quote(placement.directory)
    const { length } = placement.unlabelled
    if (length > 0) {
      return {
        why: isAssumed
          ? `${directory} is assumed to be seeded and labelled; ${countOf(length, 'node')} of it ${length === 1 ? 'is' : 'are'} not yet`
          : `labels.sh of ${directory} has not run: ${countOf(length, 'node')} of it ${length === 1 ? 'has' : 'have'} no label of a seeded set`,
        commands: [`kubectl apply -k ${directory}/seeding`, `sh ${directory}/labels.sh`, list],
      }
    }
    const selects = ({ podClass }: WorkloadAudit) =>
      placement.labels.some((key) => podClass.pod.spec.nodeSelector?.[key] !== undefined)
    const astray = waiting.filter((audited) => !selects(audited)).length
    if (astray === 0) return undefined
    return {
      why: `the nodes of ${directory} are labelled, and ${countOf(astray, 'workload')} may land where an image is not`,
      commands: [`nodeseed patch ${inputs} --placement ${directory} > patched.yaml`],
    }
  }
  if (bundle === undefined) {
    return {
      why: `${countOf(waiting.length, 'workload')} lack${waiting.length === 1 ? 's' : ''} images, and no bundle is named`,
      commands: [
        `nodeseed bundle ${inputs} --nodes ${nodes} -o images.tar`,
        `nodeseed audit ${inputs} --nodes ${nodes} --bundle images.tar --assume-seeded`,
      ],
    }
  }
  const lacking = waiting.filter(lacksBundled).length
  if (lacking > 0) {
    return {
      why: `${countOf(lacking, 'workload')} name${lacking === 1 ? 's' : ''} images that ${quote(bundle)} does not hold`,
      commands: [`nodeseed bundle ${inputs} --nodes ${nodes} -o ${quote(bundle)} --force`],
    }
  }
  return {
    why: `${quote(bundle)} holds the images, and nothing brings them to the nodes yet`,
    commands: [
      ...(way.nodes === undefined ? [list] : []),
      `nodeseed seed ${quote(bundle)} --nodes ${nodes} -o seed ${inputs}`,
    ],
  }
}

/** As lines: why, and what to do. */
export function describeNextStep({ why, commands }: NextStep): string {
  return [`what comes next: ${why}`, ...commands.map((command, index) => `  ${index + 1}. ${command}`)].join('\n')
}

function waitsForImages({ verdict, nodes }: WorkloadAudit): boolean {
  if (verdict === 'safe') return false
  const isStuck = nodes.every(({ mayLand }) => !mayLand)
  return nodes.some(
    ({ starts, mayLand, reason = '' }) => starts !== true && (mayLand || isStuck) && OF_IMAGES.has(reason),
  )
}

/** An image of it is in no name of the bundle, and not on every node that it may land on. */
function lacksBundled({ podClass }: WorkloadAudit): boolean {
  return podClass.images.some(({ name, locked }) => name !== undefined && locked === undefined)
}
