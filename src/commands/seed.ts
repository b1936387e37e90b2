import { basename } from 'node:path'
import { Args } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { type CarriedBundle, carriedAs, carriedFindings } from '../cli/bundles/carried-bundle.ts'
import { openImages } from '../cli/bundles/trusted-bundle.ts'
import { keepInputsIn } from '../cli/files/kept-inputs.ts'
import { readNodeScript } from '../cli/files/node-script.ts'
import { readNodesFile } from '../cli/files/nodes-file.ts'
import { PLACEMENT_FILE } from '../cli/files/placement-file.ts'
import { ARCHIVE } from '../cli/flags/bundle-file-flags.ts'
import { poolLabels, seedFlags } from '../cli/flags/seed-flags.ts'
import { strictnessOf } from '../cli/flags/strict-flags.ts'
import { isAboutInputs, isIncomplete } from '../cli/inputs/parts/recognition.ts'
import { renderingsOf } from '../cli/inputs/renderings.ts'
import { scanInputs } from '../cli/inputs/scan-inputs.ts'
import { nodeRows } from '../cli/output/terminal/node-rows.ts'
import { renderTable } from '../cli/output/terminal/table.ts'
import { findPreviousDirectory, readPreviousDirectory } from '../cli/seeding/previous-directory.ts'
import { nodePolicyFiles } from '../cli/signatures/node-policy-files.ts'
import { nodePolicyFlags } from '../cli/signatures/verify-flags.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { writeOutputDirectory } from '../disk/output-directory.ts'
import { ExpectedError } from '../errors.ts'
import { nameOfNode } from '../kubernetes/objects/node.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { readAuthority } from '../registry/config/certificate-files.ts'
import { methodChooser } from '../seed/methods/method-choice.ts'
import { planSeeding, type SeedingPlan } from '../seed/plan.ts'
import { isAnother, type PreviousSeeding } from '../seed/previous/previous-seeding.ts'
import { seedSteps } from '../seed/seed-steps.ts'

export default class Seed extends BaseCommand {
  static override summary = 'write what brings a bundle onto nodes: node script, DaemonSets, labels, workload patches'
  static override description =
    paragraph(`No image is needed on the nodes but the sandbox image, which each of them has, and no
program but their own. DIR holds seed.sh (for a node at hand), seeding/ (for kubectl apply -k), labels.sh, and
workloads/ (a kustomize component that gives each workload of INPUT its nodeSelector). Ends with 4 when something could
not be placed, and says what and why; the rest is written all the same.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar --nodes nodes.json -o seed-shop manifests/',
    '<%= config.bin %> <%= command.id %> shop.tar --nodes nodes.json -o seed-shop --sandbox-image registry.k8s.io/pause:3.9',
    '<%= config.bin %> <%= command.id %> shop.tar --nodes nodes.json -o seed-shop --method edge-1=k3s manifests/',
  ]
  static override strict = false
  static override args = {
    bundle: Args.string({ description: ARCHIVE, required: true }),
    input: Args.string({ description: 'manifests of the workloads: files, directories, or -' }),
  }
  static override flags = { ...seedFlags, ...nodePolicyFlags }

  async run(): Promise<unknown> {
    const { argv, args, flags } = await this.parse(Seed)
    this.whenStopped('nothing was written; run the same command again')
    if (flags.spread > 1 && flags['place-on'] !== 'minimal') {
      throw new ExpectedError('USAGE', `--spread ${flags.spread} needs --place-on minimal`, {
        hint: 'Add --place-on minimal, or leave --spread out.',
      })
    }
    const inputs = (argv as string[]).slice(1)
    const strictness = await strictnessOf(inputs, flags)
    if (flags.force) await keepInputsIn(flags.output, { inputs: argv as string[], flags })
    const nodes = await readNodesFile(flags.nodes)
    const { release, values, config, 'allow-remote': allowRemote } = flags
    const reading = { release, values, allowRemote, config }
    const { workloads, uses, findings, origins } = await scanInputs(inputs, {
      ...reading,
      keepWorkloads: true,
      keepPlacedWorkloads: true,
    })
    const renderings = await renderingsOf(inputs)
    const content = await openImages(args.bundle, flags)
    await content.close()
    const bundle = carriedAs(content)
    const previous = await previousOf(flags)
    const plan = planSeeding(content.lock, nodes, workloads, {
      set: flags['set-name'],
      labelDomain: flags['label-prefix'],
      namespace: flags.namespace,
      bundlePath: flags['bundle-path'] ?? `/var/lib/nodeseed/${basename(bundle.path)}`,
      sandboxImage: flags['sandbox-image'],
      interval: Math.round(flags.interval / 1000),
      placement: flags['place-on'],
      spread: flags.spread,
      poolLabels: poolLabels(flags),
      prune: flags.prune,
      previous,
      guard: flags.guard,
      nfd: flags.nfd,
      operatorNamespaces: uses.flatMap(({ workload }) => workload.namespace ?? []),
      registry: flags['from-registry'],
      registryCa: flags.ca === undefined ? undefined : await readAuthority(flags.ca),
      pullSecret: flags['pull-secret'],
      renderingOf: (file) => renderings.get(file) ?? 'none',
      methodFor: methodChooser(flags.method, nodes.map(nameOfNode)),
      maxUnavailable: flags['max-unavailable'],
      ...(flags['max-per-node'] !== undefined && { maxBytes: flags['max-per-node'] }),
      script: await readNodeScript(),
    })
    const { files, ...planned } = plan
    const signatures = await nodePolicyFiles(content.lock.images, flags, flags['from-registry'])
    const answer = { ...planned, findings: origins.told(plan.findings) }
    // What the replaced directory leaves behind is no property of the new one, which the same command writes again.
    const own = answer.findings.filter(({ code }) => code !== 'LEFT_FROM_BEFORE' && code !== 'BUNDLE_REPLACED')
    const placement = { path: PLACEMENT_FILE, content: `${JSON.stringify({ ...answer, findings: own }, null, 2)}\n` }
    const said = [
      ...origins.told(findings.filter(isAboutInputs)),
      ...(content.leftOut ?? []),
      ...carriedFindings(content),
      ...origins.told(plan.findings),
      ...signatures.findings,
    ]
    this.refuseLeftOut(said, strictness)
    await writeOutputDirectory(flags.output, [...files, ...signatures.files, placement], { force: flags.force })
    this.sayFindings(said)
    const isNext = isAnother(previous, plan)
    this.#explain(plan, bundle, flags.output, { inputs, registry: flags['from-registry'], isNext })
    for (const { path } of signatures.files) this.log(`  ${path}: for /etc/containers of nodes with CRI-O or podman`)
    if (plan.nodes.length + plan.prepared.length === 0 || said.some(({ severity }) => severity === 'error'))
      this.answerNo()
    // What could be read is placed; a script must not take it for all.
    if (isIncomplete({ findings })) process.exitCode = 2
    return { ...answer, omissions: this.sayLeftOut(said, strictness) }
  }

  #explain(
    plan: SeedingPlan,
    bundle: CarriedBundle,
    output: string,
    { inputs, registry, isNext }: { inputs: readonly string[]; registry: string | undefined; isNext: boolean },
  ): void {
    if (plan.nodes.length === 0) {
      this.log(`Written to ${output}.`)
      return
    }
    const rows = plan.nodes.map(({ node, sets, images, bytes }) => [
      ...[node, sets.join(','), String(images), formatBytes(bytes)],
    ])
    this.log(
      renderTable(['NODE', 'SETS', 'IMAGES', 'SIZE'], nodeRows(rows, { all: this.saysAll }), {
        width: this.tableWidth,
      }),
    )
    this.log(`\nWritten to ${output}. What comes next:`)
    const steps = seedSteps(plan, {
      ...{ inputs, bundle: bundle.path, output, registry },
      make: bundle.make,
      join: registry === undefined ? bundle.join : undefined,
      isNext,
    })
    steps.forEach((lines, index) => void this.log(`  ${index + 1}. ${lines.join('\n     ')}`))
  }
}

/** What the cluster runs: of the directory that is named, or of the one that this run replaces. */
async function previousOf({
  after,
  output,
  force,
}: {
  after: string | undefined
  output: string
  force: boolean
}): Promise<PreviousSeeding | undefined> {
  if (after !== undefined) return readPreviousDirectory(after)
  return force ? findPreviousDirectory(output) : undefined
}
