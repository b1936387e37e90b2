import { Args, Flags } from '@oclif/core'
import { audit } from '../audit/audit.ts'
import type { Conditions } from '../audit/conditions.ts'
import { type AuditReport, auditReport } from '../audit/report.ts'
import { auditSummary, auditTable } from '../audit/table.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { readNodesFile } from '../cli/nodes-file.ts'
import { scanInputs } from '../cli/scan-inputs.ts'
import { ExpectedError } from '../errors.ts'
import type { Lock } from '../inventory.ts'
import { openBundle } from '../layout/bundle-file.ts'
import { criForm, parseReference } from '../oci/reference.ts'

export default class Audit extends BaseCommand {
  static override summary = 'say which node can start which pod without internet, and why not'
  static override description =
    `The scheduler does not look at images, so a workload is safe only if every node that it may land on can start it.
Ends with 0 when each workload is safe, with 4 when one is not.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> examples/audit/shop.yaml --nodes examples/audit/nodes.json',
    '<%= config.bin %> <%= command.id %> manifests/ --nodes nodes.json --bundle shop.bundle --assume-seeded',
  ]
  static override strict = false
  static override args = {
    input: Args.string({ description: 'file, directory, or - for standard input', required: true }),
  }
  static override flags = {
    nodes: Flags.string({ description: 'what `kubectl get nodes -o json` wrote', helpValue: 'FILE', required: true }),
    bundle: Flags.string({ description: 'bundle whose images labelled nodes hold', helpValue: 'FILE' }),
    'assume-seeded': Flags.boolean({ description: 'as if every node held the bundle', dependsOn: ['bundle'] }),
    'sandbox-image': Flags.string({ description: "the runtimes' sandbox (pause) image", helpValue: 'REF' }),
    mirror: Flags.boolean({ description: 'a registry mirror on this side of the gap answers for the images' }),
    'always-pull-images': Flags.boolean({ description: 'the AlwaysPullImages admission plugin is on' }),
    'always-verify': Flags.boolean({ description: "the kubelets' credentials verification is AlwaysVerify" }),
    'max-images': Flags.integer({ description: "the kubelets' nodeStatusMaxImages, -1 for no limit", default: 50 }),
  }

  async run(): Promise<AuditReport> {
    const { argv, flags } = await this.parse(Audit)
    const nodes = await readNodesFile(flags.nodes)
    const { workloads, findings } = await scanInputs(argv as string[], { keepWorkloads: true })
    if (workloads.length === 0) {
      throw new ExpectedError('INPUT_INVALID', `${argv.join(', ')}: no workload to audit`, {
        hint: 'Give files or directories with Pods, Deployments, StatefulSets, DaemonSets, Jobs or CronJobs.',
      })
    }
    const lock = flags.bundle === undefined ? undefined : await readLock(flags.bundle)
    const conditions: Conditions = {
      ...(lock && { lock }),
      ...(flags['sandbox-image'] && { sandboxImage: criForm(parseReference(flags['sandbox-image'])) }),
      assumeSeeded: flags['assume-seeded'],
      hasMirror: flags.mirror,
      alwaysPullImages: flags['always-pull-images'],
      alwaysVerify: flags['always-verify'],
      maxImages: flags['max-images'],
    }
    const result = audit(workloads, nodes, conditions)
    for (const { code, file, line, message } of findings) {
      if (code === 'DOCUMENT_UNREADABLE') this.logToStderr(`warning: ${file}:${line}: ${message}`)
    }
    for (const line of auditTable(result)) this.log(line)
    this.log(`\n${auditSummary(result)}`)
    if (result.workloads.some(({ verdict }) => verdict !== 'safe')) this.answerNo()
    return auditReport(result, findings)
  }
}

async function readLock(path: string): Promise<Lock> {
  const bundle = await openBundle(path)
  await bundle.close()
  return bundle.lock
}
