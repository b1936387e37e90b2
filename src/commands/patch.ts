import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { readLockOf } from '../cli/bundles/lock-file.ts'
import { joinedOutput } from '../cli/files/joined-output.ts'
import { keepInputsIn } from '../cli/files/kept-inputs.ts'
import { patchComponent } from '../cli/files/patch-component.ts'
import { checkInPlace, patchFiles, writePatched } from '../cli/files/patch-files.ts'
import { readPlacementFile } from '../cli/files/placement-file.ts'
import { chartFlags, inputFlags } from '../cli/flags/scan-flags.ts'
import { strictnessOf } from '../cli/flags/strict-flags.ts'
import type { ReadOptions } from '../cli/inputs/input-documents.ts'
import { isIncomplete } from '../cli/inputs/parts/recognition.ts'
import { notExcused, type Omission } from '../cli/output/omissions.ts'
import { writeData } from '../cli/output/streams.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { writeOutputDirectory } from '../disk/output-directory.ts'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import type { PodPlace } from '../kubernetes/places/pod-places.ts'
import { countOf } from '../plural.ts'
import { type EditOptions, type PodEdits, podEdits } from '../seed/patch/pod-edit.ts'
import { imagesByName } from '../seed/placement/workload-images.ts'
import { isRecordedWorkloads, placementOf } from '../seed/recorded-selectors.ts'

interface PatchAnswer {
  readonly files: readonly { readonly file: string; readonly changes: number }[]
  readonly findings: readonly Finding[]
}

interface Reading extends ReadOptions {
  /** Called with what there is to say, before anything is written. */
  readonly check: (findings: readonly Finding[]) => void
}

type EditsOf = (place: PodPlace) => PodEdits

/** What makes the answer no: a part of a workload that stays as it is. */
const LEFT_OUT: ReadonlySet<string> = new Set(['NOT_PATCHABLE', 'NOT_IN_PLACEMENT'])

export default class Patch extends BaseCommand {
  static override summary = 'make manifests start where their images are: node selector, pull policy, digests'
  static override description =
    paragraph(`Prints the manifests with the changes; comments, order and quoting stay as they are. With
--in-place the files themselves change; with --output a kustomize component is written beside them, which for a chart
is also a post-renderer for Helm 3 and 4. Keys that an earlier run set for another bundle are replaced, others are left
alone. Ends with 4 when a part of a workload stays as it is, and says which and why; the rest is patched all the same.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> manifests/ --placement seed-shop --in-place',
    '<%= config.bin %> <%= command.id %> shop.yaml --policy IfNotPresent --pin-digests shop.tar',
    '<%= config.bin %> <%= command.id %> manifests/ --placement seed-shop --output offline',
    '<%= config.bin %> <%= command.id %> charts/shop --release shop --values prod.yaml --policy Never --output offline',
    'kubectl get deployments -A -o yaml | <%= config.bin %> <%= command.id %> - --placement seed-shop > patched.yaml',
  ]
  static override strict = false
  static override args = {
    input: Args.string({ description: 'file, directory, or - for standard input' }),
  }
  static override flags = {
    placement: Flags.string({
      description: 'directory that seed wrote: gives workloads their node selector',
      helpValue: 'DIR',
    }),
    policy: Flags.string({
      description: 'pull policy for what would be pulled otherwise',
      options: ['IfNotPresent', 'Never'],
    }),
    'pin-digests': Flags.string({
      description: 'bundle or lock whose digests are written behind tags',
      helpValue: 'FILE',
    }),
    'in-place': Flags.boolean({ description: 'change the files', exclusive: ['output'] }),
    output: Flags.string({ char: 'o', description: 'write a kustomize component to this directory', helpValue: 'DIR' }),
    force: Flags.boolean({ description: 'replace a component that is there', dependsOn: ['output'] }),
    ...chartFlags,
    ...inputFlags,
  }

  async run(): Promise<PatchAnswer & { omissions: readonly Omission[] }> {
    const { argv, flags } = await this.parse(Patch)
    const optionsFor = await this.#options(flags.placement, flags.policy, flags['pin-digests'])
    const editsOf = (place: PodPlace) => podEdits(place, optionsFor(place))
    const inputs = argv as string[]
    if (inputs.length === 0) {
      throw new ExpectedError('USAGE', 'nodeseed patch: missing argument: INPUT', {
        hint: 'See what it takes: nodeseed patch --help',
      })
    }
    const { release, values, set, config, 'allow-remote': allowRemote } = flags
    const reading = { release, values, set, allowRemote, config }
    const strictness = await strictnessOf(inputs, flags)
    if (flags.output && flags.force) await keepInputsIn(flags.output, { inputs, flags })
    const check = (findings: readonly Finding[]) => this.refuseLeftOut(findings, strictness)
    const answer = flags.output
      ? await this.#writeComponent(inputs, editsOf, { ...reading, check }, { output: flags.output, force: flags.force })
      : await this.#rewrite(inputs, editsOf, { ...reading, check }, flags['in-place'])
    this.sayFindings(answer.findings)
    const omissions = this.sayLeftOut(answer.findings, strictness)
    const isLeftOut = notExcused(omissions).some(({ code }) => LEFT_OUT.has(code))
    const isRefused = answer.findings.some(({ severity }) => severity === 'error')
    // What could be read is patched; a script must not take it for all.
    if (isIncomplete(answer)) process.exitCode = 2
    else if (isLeftOut || isRefused) this.answerNo()
    return { ...answer, omissions }
  }

  async #options(
    placement: string | undefined,
    policy: string | undefined,
    pinsFrom: string | undefined,
  ): Promise<(place: PodPlace) => EditOptions> {
    if (!placement && !policy && !pinsFrom) {
      throw new ExpectedError('USAGE', 'nothing to change', {
        hint: 'Give --placement, --policy or --pin-digests, or several of them.',
      })
    }
    const placed = placement ? await readPlacementFile(placement, isRecordedWorkloads) : undefined
    const placeOf = placed && placementOf(placed)
    const lock = pinsFrom ? await readLockOf(pinsFrom) : undefined
    const pins = lock && imagesByName(lock.images)
    return (place) => ({
      ...placeOf?.(place),
      ...(policy && { policy: policy as 'IfNotPresent' | 'Never' }),
      ...(pins && { pins }),
    })
  }

  async #rewrite(inputs: string[], editsOf: EditsOf, reading: Reading, inPlace: boolean): Promise<PatchAnswer> {
    if (inPlace) await checkInPlace(inputs)
    const { files, findings } = await patchFiles(inputs, editsOf, reading)
    reading.check(findings)
    if (inPlace) await writePatched(files)
    else if (!this.jsonEnabled()) writeData(joinedOutput(files))
    if (inPlace) for (const { file, changes } of files) this.log(`${file}: ${countOf(changes, 'change')}`)
    return { files: files.map(({ file, changes }) => ({ file, changes })), findings }
  }

  async #writeComponent(
    inputs: string[],
    editsOf: EditsOf,
    reading: Reading,
    { output, force }: { output: string; force: boolean },
  ): Promise<PatchAnswer> {
    const { files: written, findings } = await patchComponent(inputs, editsOf, reading)
    reading.check(findings)
    await writeOutputDirectory(output, written, { force })
    const files = written.map(({ path }) => ({ file: `${output}/${path}`, changes: 1 }))
    for (const { file } of files) this.log(file)
    return { files, findings }
  }
}
