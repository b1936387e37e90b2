import { Args, Flags, type Interfaces } from '@oclif/core'
import type { Conditions } from '../audit/facts/conditions.ts'
import { showsAlwaysPullImages } from '../audit/facts/live/live-pods.ts'
import { liveFailures } from '../audit/findings/live-failures.ts'
import { type About, auditHtml } from '../audit/report/html.ts'
import { auditJunit } from '../audit/report/junit.ts'
import { type AuditReport, type AuditResult, auditCluster, auditReport } from '../audit/report/report.ts'
import { auditSarif } from '../audit/report/sarif.ts'
import { FAIL_ON } from '../audit/report/severity.ts'
import { auditSummary, failsOn, sureImages } from '../audit/report/summary.ts'
import { auditTable } from '../audit/report/table.ts'
import type { Lock } from '../bundle/format/lock.ts'
import { readAuditBundle } from '../cli/audit/audit-bundle.ts'
import { readConditions } from '../cli/audit/audit-conditions.ts'
import { filesRead } from '../cli/audit/audit-files.ts'
import { readPageParts } from '../cli/audit/audit-page.ts'
import { readAuditSources } from '../cli/audit/audit-sources.ts'
import { auditText } from '../cli/audit/audit-text.ts'
import { describeNextStep, nextStep } from '../cli/audit/next-step.ts'
import { pageAbout } from '../cli/audit/page-about.ts'
import { wayGone } from '../cli/audit/way-gone.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { checkReports } from '../cli/files/report-files.ts'
import { conditionFlags, sourceFlags } from '../cli/flags/audit-flags.ts'
import { strictnessOf } from '../cli/flags/strict-flags.ts'
import { isIncomplete, isUnreadable } from '../cli/inputs/parts/recognition.ts'
import { renderFindings } from '../cli/output/findings.ts'
import { formatFlag } from '../cli/output/formats/output-format.ts'
import { isExcused, type Omission, type Strictness } from '../cli/output/omissions.ts'
import { VERDICTS } from '../cli/output/terminal/screen.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { checkOutputPlace } from '../disk/output-place.ts'
import { writeTextFile } from '../disk/write-file.ts'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'

export default class Audit extends BaseCommand {
  static override summary = 'say which node can start which pod without internet, and why not'
  static override description =
    paragraph(`The scheduler does not look at images, so a workload is safe only if every node that it may land on can start it.
What it knows images of and cannot judge is listed as not judged, and counts as unknown. Images that something else than
a pod spec names (arguments, environment, ConfigMaps, custom resources) are looked up on every node, as it is not known
where their pods land; what is not on every node counts as unknown.
Ends with 0 when no workload is below --fail-on, with 4 when one is.`)
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
    ...sourceFlags,
    ...conditionFlags,
    'fail-on': Flags.option({ options: FAIL_ON })({ description: 'mildest verdict to fail on', default: 'unknown' }),
    force: Flags.boolean({ description: 'let reports replace files that are no reports of nodeseed' }),
    html: Flags.string({ description: 'write one self-contained page', helpValue: 'FILE' }),
    date: Flags.string({
      description: 'date that the page bears, as you write it',
      helpValue: 'TEXT',
      dependsOn: ['html'],
    }),
    sarif: Flags.string({ description: 'write SARIF 2.1.0', helpValue: 'FILE' }),
    output: formatFlag(['table', 'wide', 'json', 'yaml']),
    junit: Flags.string({ description: 'write a JUnit report', helpValue: 'FILE' }),
  }

  async run(): Promise<AuditReport & { omissions: readonly Omission[] }> {
    const { argv, flags } = await this.parse(Audit)
    for (const file of [flags.html, flags.sarif, flags.junit]) {
      if (file !== undefined) await checkOutputPlace(file, { replace: true })
    }
    const reports = REPORTS.flatMap((flag) => (flags[flag] === undefined ? [] : [{ flag, file: flags[flag] }]))
    const inputs = await filesRead(argv as string[], flags)
    await checkReports(reports, { inputs, force: flags.force })
    const { scan, nodes, known } = await readAuditSources(argv as string[], flags)
    const bundle = await readAuditBundle(flags, scan.workloads)
    const { imageUsers = new Map() } = bundle
    const told = await readConditions(flags, { scan, nodes }, bundle.lock)
    const alwaysPullImages = flags['always-pull-images'] || showsAlwaysPullImages(scan.workloads, known.livePods ?? [])
    const strictness = await strictnessOf(argv as string[], flags)
    const allows = (wanted: Finding['code']) => (name: string) =>
      strictness.excuses.some(({ code, covers }) => code === wanted && covers(name))
    const allowed = { isMutationAllowed: allows('POD_MUTATED'), isRefusalAllowed: allows('POD_MAY_BE_REFUSED') }
    const conditions: Conditions = { ...known, ...told, imageUsers, alwaysPullImages, ...allowed }
    const all = auditCluster(scan.workloads, nodes, conditions, scan.findings, scan.uses, scan.resources)
    const judged = { ...all, unnamed: all.unnamed.filter((one) => !isExcused(one, strictness.excuses)) }
    const isEmpty = judged.workloads.length + judged.notJudged.length + sureImages(judged.images.named).length === 0
    if (isEmpty) throw noWorkload(argv as string[], scan.findings)
    const failures = liveFailures(judged, known.livePods ?? [])
    const result: AuditResult = {
      ...judged,
      findings: scan.origins.told([...bundle.findings, ...failures, ...judged.findings]),
    }
    if (!this.jsonEnabled()) {
      const lines = auditTable(result, { all: flags.all })
      for (const line of auditText(lines, this.tableWidth)) this.log(line, VERDICTS)
      this.log(`\n${auditSummary(result)}`)
      const step = nextStep(result, await wayGone(argv as string[], flags, nodes))
      if (step) this.note(describeNextStep(step))
    }
    const named = argv as string[]
    const about = flags.html === undefined ? [] : await this.#about(result, flags, { named, lock: bundle.lock })
    await this.#write(result, flags, about)
    const urgent = result.findings.filter(({ severity, code }) => severity !== 'info' || SAID.has(code))
    this.sayFindings(urgent)
    if (failsOn(result, flags['fail-on']) || refusesImages(bundle.findings, strictness)) this.answerNo()
    else if (isIncomplete(scan)) process.exitCode = 2
    return {
      ...auditReport(result),
      omissions: this.sayLeftOut(result.findings, strictness),
    }
  }

  async #about(
    result: AuditResult,
    flags: AuditFlags,
    { named, lock }: { named: readonly string[]; lock: Lock | undefined },
  ): Promise<About> {
    // The bundle says by itself what it is; reading gigabytes of it would say no more.
    const rest = { ...flags, bundle: undefined, key: undefined, 'newer-than': undefined }
    const files = (await filesRead(named, rest)).filter((file) => file !== flags.kubectl)
    return pageAbout(result, flags, { inputs: named, files, lock, version: this.config.version })
  }

  async #write(
    result: AuditResult,
    { html, sarif, junit, 'fail-on': failOn }: AuditFlags,
    about: About,
  ): Promise<void> {
    if (html !== undefined) await writeTextFile(html, auditHtml(result, await readPageParts(), about))
    if (sarif !== undefined)
      await writeTextFile(sarif, JSON.stringify(auditSarif(result, this.config.version), null, 2))
    if (junit !== undefined) await writeTextFile(junit, auditJunit(result, failOn))
  }
}

function noWorkload(inputs: readonly string[], findings: readonly Finding[]): ExpectedError {
  const message = `${inputs.join(', ') || 'the cluster'}: no workload to audit`
  const unreadable = renderFindings(findings.filter(isUnreadable))
  if (unreadable !== '') return new ExpectedError('INPUT_UNREADABLE', `${message}:\n${unreadable}`)
  return new ExpectedError('INPUT_INVALID', message, {
    hint: 'Give files or directories with Pods, Deployments, StatefulSets, DaemonSets, Jobs or CronJobs.',
  })
}

/** Whether the policy.json of nodes refuses images, or nobody can tell and nobody allowed that. */
function refusesImages(findings: readonly Finding[], { excuses }: Strictness): boolean {
  return findings.some(
    (one) => one.code === 'NODE_POLICY_REFUSES' || (one.code === 'NODE_POLICY_UNJUDGED' && !isExcused(one, excuses)),
  )
}

/** Notes that say what the verdicts leave out, which nobody is to miss. */
const SAID: ReadonlySet<Finding['code']> = new Set(['ENV_SOURCE_ELSEWHERE'])

const REPORTS = ['html', 'sarif', 'junit'] as const

type AuditFlags = Interfaces.InferredFlags<typeof Audit.flags>
