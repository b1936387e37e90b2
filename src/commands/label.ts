import { Args, Flags } from '@oclif/core'
import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { BaseCommand } from '../cli/base-command.ts'
import { readPlacementFile } from '../cli/files/placement-file.ts'
import { kubectlFlags, kubectlOf } from '../cli/flags/kubectl-flags.ts'
import { nodeRows } from '../cli/output/terminal/node-rows.ts'
import { renderTable } from '../cli/output/terminal/table.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { listResources, runKubectl } from '../cluster/kubectl.ts'
import { listNames } from '../plural.ts'
import { quote } from '../quote.ts'
import { labelUsers, SELECTING_KINDS } from '../seed/label-users.ts'
import { isRecordedPlacement, labelArguments, type NodeLabelling, planLabels } from '../seed/recorded-placement.ts'

export default class Label extends BaseCommand {
  static override summary = 'label the nodes whose seeding pods report that every image is there'
  static override description =
    paragraph(`Reads what seed decided from DIRECTORY, and what is true from the cluster, through your own kubectl.
A node gets the labels of its sets only when its seeding pod is ready with exactly these sets. With --prune,
labels of earlier sets of the same name go, from every node, but none by which a workload or pod still selects nodes.
Ends with 4 when a node is not seeded yet, or such a label stays; run it again then.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> seed-shop',
    '<%= config.bin %> <%= command.id %> seed-shop --prune --context production',
    '<%= config.bin %> <%= command.id %> seed-shop --dry-run',
  ]
  static override args = {
    directory: Args.string({ description: 'directory that seed wrote', required: true }),
  }
  static override flags = {
    prune: Flags.boolean({ description: 'take labels of earlier sets of the same name away' }),
    'dry-run': Flags.boolean({ description: 'print the kubectl commands and change nothing' }),
    ...kubectlFlags,
  }

  async run(): Promise<{ nodes: NodeLabelling[] }> {
    const { args, flags } = await this.parse(Label)
    const placement = await readPlacementFile(args.directory, isRecordedPlacement)
    const kubectl = kubectlOf(flags)
    const usersOf = flags.prune
      ? labelUsers(await listResources(kubectl, [SELECTING_KINDS, '--all-namespaces']))
      : undefined
    const [pods, nodes] = await Promise.all([
      listResources<Pod>(kubectl, ['pods', '--namespace', placement.namespace, '--selector', 'nodeseed.dev/set']),
      listResources<Node>(kubectl, ['nodes']),
    ])
    const plan = planLabels(placement, pods, nodes, { prune: flags.prune, ...(usersOf && { usersOf }) })
    for (const labelling of plan) {
      const call = labelArguments(labelling)
      if (!call) continue
      if (flags['dry-run']) this.log([...kubectl.command, ...call].map(quote).join(' '))
      else await runKubectl(kubectl, call)
    }
    if (!flags['dry-run'])
      this.log(
        renderTable(['NODE', 'STATE', 'LABELS'], nodeRows(plan.map(rowOf), { all: this.saysAll }), {
          width: this.tableWidth,
        }),
      )
    for (const [key, users] of keptLabels(plan)) {
      this.logToStderr(`warning: ${key} stays: nodes are selected by it: ${listNames(users)}`)
      this.logToStderr('  try: Patch these, or wait for their pods to be replaced, and run it again.')
    }
    if (plan.some(({ isSeeded, kept }) => !isSeeded || kept.length > 0)) this.answerNo()
    return { nodes: plan }
  }
}

/** Labels that stay, and who keeps each; once, however many nodes have it. */
function keptLabels(plan: readonly NodeLabelling[]): Map<string, readonly string[]> {
  return new Map(plan.flatMap(({ kept }) => kept.map(({ key, users }) => [key, users] as const)))
}

function rowOf({ node, isSeeded, add, remove }: NodeLabelling): string[] {
  if (!isSeeded) return [node, 'not seeded yet', '']
  const changes = [...add.map((key) => `+${key}`), ...remove.map((key) => `-${key}`)]
  return [node, changes.length > 0 ? 'labelled' : 'unchanged', changes.join(' ')]
}
