import { Args, Flags, type Interfaces } from '@oclif/core'
import type { Node } from 'kubernetes-types/core/v1.js'
import type { Conditions } from '../audit/conditions.ts'
import { auditHtml } from '../audit/html.ts'
import { auditJunit } from '../audit/junit.ts'
import { liveFailures } from '../audit/live-failures.ts'
import { showsAlwaysPullImages } from '../audit/live-pods.ts'
import { type AuditReport, type AuditResult, auditCluster, auditReport } from '../audit/report.ts'
import { parseRuntimeListing } from '../audit/runtime-listing.ts'
import { auditSarif } from '../audit/sarif.ts'
import { FAIL_ON, fails } from '../audit/severity.ts'
import { auditSummary, auditTable } from '../audit/table.ts'
import { readKubeletConfig, readNodeListings, readPodsFile } from '../cli/audit-files.ts'
import { CONDITION_FLAGS, SOURCE_FLAGS } from '../cli/audit-flags.ts'
import { readPageParts } from '../cli/audit-page.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { renderFindings } from '../cli/findings.ts'
import { readLockOf } from '../cli/lock-file.ts'
import { readNodesFile } from '../cli/nodes-file.ts'
import { readPlacementFile } from '../cli/placement-file.ts'
import { type InputScan, isIncomplete, scanInputs, scanObjects } from '../cli/scan-inputs.ts'
import { printable } from '../cli/table.ts'
import { writeTextFile } from '../cli/write-file.ts'
import { ApiProxy } from '../cluster/api-proxy.ts'
import { readCluster } from '../cluster/read-cluster.ts'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import { priorityClassOf } from '../kubernetes/priority-class.ts'
import { runtimeClassOf } from '../kubernetes/runtime-class.ts'
import { criForm, parseReference } from '../oci/reference.ts'
import { isRecordedPlacement } from '../seed/label-plan.ts'

const KEEP = { keepWorkloads: true, keepCustomWorkloads: true, keepKinds: ['RuntimeClass', 'PriorityClass'] }

/** What is to be audited, and what is known of the cluster from where it was read. */
interface Sources {
  readonly scan: InputScan
  readonly nodes: readonly Node[]
  readonly known: Pick<Conditions, 'livePods' | 'kubelets'>
}

export default class Audit extends BaseCommand {
  static override summary = 'say which node can start which pod without internet, and why not'
  static override description =
    `The scheduler does not look at images, so a workload is safe only if every node that it may land on can start it.
Ends with 0 when no workload is below --fail-on, with 4 when one is.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> examples/audit/shop.yaml --nodes examples/audit/nodes.json',
    '<%= config.bin %> <%= command.id %> manifests/ --nodes nodes.json --bundle shop.tar --assume-seeded',
    '<%= config.bin %> <%= command.id %> --cluster --html audit.html --fail-on atRisk',
  ]
  static override strict = false
  static override args = {
    input: Args.string({ description: 'file, directory, or - for standard input; none: what the cluster runs' }),
  }
  static override flags = {
    ...SOURCE_FLAGS,
    ...CONDITION_FLAGS,
    'fail-on': Flags.option({ options: FAIL_ON })({ description: 'mildest verdict to fail on', default: 'unknown' }),
    html: Flags.string({ description: 'write one self-contained page', helpValue: 'FILE' }),
    sarif: Flags.string({ description: 'write SARIF 2.1.0', helpValue: 'FILE' }),
    junit: Flags.string({ description: 'write a JUnit report', helpValue: 'FILE' }),
  }

  async run(): Promise<AuditReport> {
    const { argv, flags } = await this.parse(Audit)
    const { scan, nodes, known } = await this.#read(argv as string[], flags)
    if (scan.workloads.length === 0) {
      throw new ExpectedError('INPUT_INVALID', `${argv.join(', ') || 'the cluster'}: no workload to audit`, {
        hint: 'Give files or directories with Pods, Deployments, StatefulSets, DaemonSets, Jobs or CronJobs.',
      })
    }
    const told = await conditionsOf(flags, scan)
    const alwaysPullImages = flags['always-pull-images'] || showsAlwaysPullImages(scan.workloads, known.livePods ?? [])
    const conditions: Conditions = { ...known, ...told, alwaysPullImages }
    const judged = auditCluster(scan.workloads, nodes, conditions, scan.findings)
    const failures = liveFailures(judged, known.livePods ?? [])
    const result: AuditResult = { ...judged, findings: [...failures, ...judged.findings] }
    await this.#write(result, flags)
    if (!this.jsonEnabled()) {
      for (const line of auditTable(result)) this.log(printable(line))
      this.log(`\n${auditSummary(result)}`)
    }
    const urgent = result.findings.filter(({ severity }) => severity !== 'info')
    if (urgent.length > 0) this.logToStderr(renderFindings(urgent))
    if (result.workloads.some(({ verdict }) => fails(verdict, flags['fail-on']))) this.answerNo()
    else if (isIncomplete(scan)) process.exitCode = 2
    return auditReport(result)
  }

  async #read(inputs: string[], flags: AuditFlags): Promise<Sources> {
    if (!flags.cluster) {
      if (flags.nodes === undefined || inputs.length === 0) throw missingSource(flags.nodes === undefined)
      const nodes = await readNodesFile(flags.nodes)
      const livePods = flags.pods === undefined ? undefined : await readPodsFile(flags.pods)
      return { nodes, scan: await scanInputs(inputs, KEEP), known: { ...(livePods && { livePods }) } }
    }
    const command = flags.kubectl.split(/\s+/).filter(Boolean)
    const { context, timeout } = flags
    const api = await ApiProxy.start({ command, timeout, ...(context !== undefined && { context }) })
    try {
      const { nodes, pods, objects, kubelets, unread } = await readCluster(api)
      const live = scanObjects(objects, 'cluster', KEEP)
      const files = inputs.length > 0 ? await scanInputs(inputs, KEEP) : undefined
      const { workloads, uses, findings } = files ?? live
      const resources = [...live.resources, ...(files?.resources ?? [])]
      const scan = { workloads, uses, resources, findings: [...findings, ...unread.map(unreadFinding)] }
      return { nodes, scan, known: { livePods: pods, kubelets } }
    } finally {
      await api.close()
    }
  }

  async #write(result: AuditResult, { html, sarif, junit, 'fail-on': failOn }: AuditFlags): Promise<void> {
    if (html !== undefined) await writeTextFile(html, auditHtml(result, await readPageParts()))
    if (sarif !== undefined)
      await writeTextFile(sarif, JSON.stringify(auditSarif(result, this.config.version), null, 2))
    if (junit !== undefined) await writeTextFile(junit, auditJunit(result, failOn))
  }
}

type AuditFlags = Interfaces.InferredFlags<typeof Audit.flags>

async function conditionsOf(flags: AuditFlags, { resources }: InputScan): Promise<Conditions> {
  const listings = await readNodeListings(flags.images)
  const runtimeListings = Map.groupBy(listings, ({ node }) => node)
  const classes = resources.flatMap((resource) => runtimeClassOf(resource) ?? [])
  return {
    ...(flags.bundle !== undefined && { lock: await readLockOf(flags.bundle) }),
    ...(flags.placement !== undefined && { seedSets: await readSeedSets(flags.placement) }),
    ...(flags['sandbox-image'] && { sandboxImage: criForm(parseReference(flags['sandbox-image'])) }),
    ...(flags['kubelet-config'] !== undefined && { kubelet: await readKubeletConfig(flags['kubelet-config']) }),
    assumeSeeded: flags['assume-seeded'],
    hasMirror: flags.mirror,
    runtimeClasses: new Map(classes.map((one) => [one.name, one])),
    priorityClasses: resources.flatMap((resource) => priorityClassOf(resource) ?? []),
    runtimeListings: new Map(
      Array.from(runtimeListings, ([node, texts]) => [
        node,
        texts.map(({ text, file }) => parseRuntimeListing(text, file)),
      ]),
    ),
  }
}

async function readSeedSets(directory: string): Promise<NonNullable<Conditions['seedSets']>> {
  const { sets } = await readPlacementFile(directory, isRecordedPlacement)
  return sets.map(({ digest, images }) => ({ digest, names: images }))
}

function unreadFinding(problem: string): Finding {
  return {
    code: 'CLUSTER_UNREAD',
    severity: 'warning',
    message: `the audit goes on without: ${problem}`,
    hint: 'See examples/audit/read-only.yaml; or give kubelet settings as a file: --kubelet-config.',
    file: undefined,
    line: undefined,
  }
}

function missingSource(lacksNodes: boolean): ExpectedError {
  return lacksNodes
    ? new ExpectedError('USAGE', 'Neither --nodes FILE nor --cluster says which nodes there are', {
        hint: 'Write the file with: kubectl get nodes -o json > nodes.json',
      })
    : new ExpectedError('USAGE', 'No INPUT to audit', { hint: 'Give files or directories, or --cluster.' })
}
