import { type Finding, finding } from '../../finding.ts'
import type { FindingCode } from '../../finding-codes.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { lineOfResource, nameOfResource } from '../../kubernetes/objects/resource.ts'
import { countOf, listNames } from '../../plural.ts'
import type { Audit, WorkloadAudit } from '../audit.ts'
import type { Conditions } from '../facts/conditions.ts'
import { servesSandbox } from '../facts/node-bytes.ts'
import { isShortName, resolvesShortNames } from '../facts/short-names.ts'
import { isUserKnown } from '../verdict/image-user-step.ts'
import { countNodes } from './count-nodes.ts'

/** What is worth saying about workloads beyond their verdicts, and about what the audit was not told. */
export function workloadFindings(audit: Audit, conditions: Conditions): Finding[] {
  return [
    ...audit.workloads.flatMap((one) => [...doubtFindings(one), ...surgeFinding(one, audit)]),
    ...singleNodeImages(audit),
    ...shortNames(audit),
    ...unknownUsers(audit, conditions),
    ...globalFindings(conditions),
  ]
}

/** What makes a workload unknown on every node that it may land on, and what may do so. */
function doubtFindings({ workload, podClass }: WorkloadAudit): Finding[] {
  return [...podClass.doubts, ...podClass.hazards].flatMap(({ code, message }) =>
    code === undefined ? [] : [about(workload, code, message)],
  )
}

/** An update that makes a new pod before it takes an old one away, where each node has one and none is left. */
function surgeFinding(audited: WorkloadAudit, audit: Audit): Finding[] {
  const { workload, podClass } = audited
  const { resource, replicas = 0 } = workload
  if (podClass.pod.hostPorts.length === 0 || resource.kind !== 'Deployment' || replicas === 0) return []
  const { eligible } = countNodes(audited, audit.nodeClasses)
  if (eligible !== replicas || !makesFirst(resource.value, replicas)) return []
  const message = `each of its ${countOf(replicas, 'pod')} takes the host port of a node, there are no more nodes, and it takes none away before a new one runs: an update never ends`
  return [about(workload, 'HOST_PORT_UPDATE', message)]
}

/** Source: kubernetes 1.37, pkg/controller/deployment/util, ResolveFenceposts. */
function makesFirst(value: unknown, replicas: number): boolean {
  if (valueAt(value, ['spec', 'strategy', 'type']) === 'Recreate') return false
  const rolling = ['spec', 'strategy', 'rollingUpdate']
  const unavailable = valueAt(value, [...rolling, 'maxUnavailable']) ?? '25%'
  const share = typeof unavailable === 'string' ? /^(\d+)%$/.exec(unavailable)?.[1] : undefined
  const count = share === undefined ? Number(unavailable) : Math.floor((Number(share) * replicas) / 100)
  // Where a surge of none is asked for too, one may be taken away.
  return count === 0 && !/^0%?$/.test(String(valueAt(value, [...rolling, 'maxSurge']) ?? '25%'))
}

/** Images whose only copy in the cluster is on one node: with the node, the workload is gone. */
function singleNodeImages({ nodeClasses, workloads }: Audit): Finding[] {
  const total = nodeClasses.reduce((sum, { nodes }) => sum + nodes.length, 0)
  const names = new Set(workloads.flatMap(({ podClass }) => podClass.images.flatMap(({ name }) => name ?? [])))
  return Array.from(names).flatMap((name): Finding[] => {
    const holders = nodeClasses.filter(({ presenceOf }) => presenceOf(name).present !== false)
    const [only] = holders.flatMap(({ nodes }) => nodes.slice(0, 2))
    const count = holders.reduce((sum, { nodes }) => sum + nodes.length, 0)
    if (total < 2 || count !== 1 || !only) return []
    return [finding('SINGLE_NODE_IMAGE', `${name} is on ${only} and on no other node`)]
  })
}

/** CRI-O asks registries.conf what a name without a registry means; docker.io is not its default. */
function shortNames({ nodeClasses, workloads }: Audit): Finding[] {
  const nodes = nodeClasses.filter(({ node }) => resolvesShortNames(node)).flatMap((one) => one.nodes)
  if (nodes.length === 0) return []
  const references = workloads.flatMap(({ podClass }) => podClass.images.map(({ reference }) => reference))
  const short = new Set(references.filter(isShortName))
  return Array.from(short, (reference) =>
    finding(
      'SHORT_NAME',
      `${listNames(nodes)}: CRI-O does not read "${reference}" as an image of docker.io unless registries.conf says so`,
    ),
  )
}

/** What must not run as root where nothing tells as whom the image runs. What the cluster has and runs shows it. */
function unknownUsers({ workloads }: Audit, conditions: Conditions): Finding[] {
  const images = new Set<string>()
  const asking = workloads.filter(({ workload: { resource, template }, podClass }) => {
    const isStored = [resource.value, template].some((one) => valueAt(one, ['metadata', 'uid']) !== undefined)
    const unknown = podClass.images.filter((image) => image.asksUser && !isUserKnown(image, conditions))
    if (unknown.length === 0 || (isStored && podClass.isRunning)) return false
    for (const { reference } of unknown) images.add(reference)
    return true
  })
  if (asking.length === 0) return []
  const names = asking.map(({ workload: { resource } }) => nameOfResource(resource))
  const message = `${listNames(names)}: runAsNonRoot without runAsUser, and nothing tells as whom ${listNames([...images])} ${images.size === 1 ? 'runs' : 'run'}`
  return [finding('IMAGE_USER_UNKNOWN', message)]
}

function globalFindings(conditions: Conditions): Finding[] {
  const { sandboxImage, alwaysPullImages, hasMirror, lock } = conditions
  const findings: Finding[] = []
  if (!sandboxImage && !servesSandbox(conditions)) {
    const message = 'the sandbox (pause) image was not checked: the runtime decides which one it is'
    findings.push(finding('SANDBOX_IMAGE_UNKNOWN', message))
  }
  if (alwaysPullImages && !hasMirror) {
    const message = 'the AlwaysPullImages admission plugin makes every pod ask a registry'
    findings.push(finding('ALWAYS_PULL_IMAGES', message))
  }
  if (hasMirror && !lock) {
    const message = 'a mirror is said to answer for the images, and which ones it serves is not known'
    findings.push(finding('MIRROR_UNKNOWN', message))
  }
  return findings
}

function about({ resource }: WorkloadAudit['workload'], code: FindingCode, message: string): Finding {
  const place = { file: resource.document.file, line: lineOfResource(resource) }
  return finding(code, `${nameOfResource(resource)}: ${message}`, place)
}
