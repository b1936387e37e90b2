import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { readLockOf } from '../cli/bundles/lock-file.ts'
import { checkInPlace, patchFiles, writePatched } from '../cli/files/patch-files.ts'
import { readPlacementFile } from '../cli/files/placement-file.ts'
import { remoteFlag } from '../cli/flags/scan-flags.ts'
import { isAboutInputs, isIncomplete } from '../cli/inputs/recognition.ts'
import { scanInputs } from '../cli/inputs/scan-inputs.ts'
import type { Omission } from '../cli/output/omissions.ts'
import { writeData } from '../cli/output/streams.ts'
import { writeOutputDirectory } from '../disk/output-directory.ts'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import type { Workload } from '../kubernetes/objects/workload.ts'
import { countOf } from '../plural.ts'
import { kustomizeComponent } from '../seed/patch/kustomize-component.ts'
import { type EditOptions, podEdits } from '../seed/patch/pod-edit.ts'
import { imagesByName } from '../seed/placement/workload-images.ts'
import { isRecordedWorkloads, selectorOf } from '../seed/recorded-placement.ts'

interface PatchAnswer {
  readonly files: readonly { readonly file: string; readonly changes: number }[]
  readonly findings: readonly Finding[]
}

export default class Patch extends BaseCommand {
  static override summary = 'make manifests start where their images are: node selector, pull policy, digests'
  static override description =
    `Prints the manifests with the changes; comments, order and quoting stay as they are. With
--in-place the files themselves change; with --output a kustomize component is written beside them.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> manifests/ --placement seed-shop --in-place',
    '<%= config.bin %> <%= command.id %> shop.yaml --policy IfNotPresent --pin-digests shop.tar',
    '<%= config.bin %> <%= command.id %> manifests/ --placement seed-shop --output offline',
  ]
  static override strict = false
  static override args = {
    input: Args.string({ description: 'file, directory, or - for standard input', required: true }),
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
    ...remoteFlag,
  }

  async run(): Promise<PatchAnswer & { omissions: readonly Omission[] }> {
    const { argv, flags } = await this.parse(Patch)
    const optionsFor = await this.#options(flags.placement, flags.policy, flags['pin-digests'])
    const inputs = argv as string[]
    const answer = flags.output
      ? await this.#writeComponent(inputs, optionsFor, { ...flags, output: flags.output })
      : await this.#rewrite(inputs, optionsFor, flags)
    this.sayFindings(answer.findings)
    // What could be read is patched; a script must not take it for all.
    if (isIncomplete(answer)) process.exitCode = 2
    return { ...answer, omissions: this.sayLeftOut(answer.findings) }
  }

  async #options(
    placement: string | undefined,
    policy: string | undefined,
    pinsFrom: string | undefined,
  ): Promise<(workload: Workload) => EditOptions> {
    if (!placement && !policy && !pinsFrom) {
      throw new ExpectedError('USAGE', 'nothing to change', {
        hint: 'Give --placement, --policy or --pin-digests, or several of them.',
      })
    }
    const recorded = placement ? await readPlacementFile(placement, isRecordedWorkloads) : undefined
    const lock = pinsFrom ? await readLockOf(pinsFrom) : undefined
    const pins = lock && imagesByName(lock.images)
    return (workload) => ({
      ...(recorded && { nodeSelector: selectorOf(recorded, workload) }),
      ...(policy && { policy: policy as 'IfNotPresent' | 'Never' }),
      ...(pins && { pins }),
    })
  }

  async #rewrite(
    inputs: string[],
    optionsFor: (workload: Workload) => EditOptions,
    flags: { 'in-place': boolean; 'allow-remote': boolean },
  ): Promise<PatchAnswer> {
    const inPlace = flags['in-place']
    if (inPlace) await checkInPlace(inputs)
    const editsOf = (workload: Workload) => podEdits(workload, optionsFor(workload))
    const { files, findings } = await patchFiles(inputs, editsOf, { allowRemote: flags['allow-remote'] })
    if (inPlace) await writePatched(files)
    for (const { file, text, changes } of files) {
      if (inPlace) this.log(`${file}: ${countOf(changes, 'change')}`)
      else if (!this.jsonEnabled()) writeData(`${text.startsWith('---') ? '' : '---\n'}${text.trimEnd()}\n`)
    }
    return { files: files.map(({ file, changes }) => ({ file, changes })), findings }
  }

  async #writeComponent(
    inputs: string[],
    optionsFor: (workload: Workload) => EditOptions,
    { output, force, 'allow-remote': allowRemote }: { output: string; force: boolean; 'allow-remote': boolean },
  ): Promise<PatchAnswer> {
    const { workloads, findings } = await scanInputs(inputs, { keepWorkloads: true, allowRemote })
    const edited = workloads.map((workload) => ({ workload, edits: podEdits(workload, optionsFor(workload)) }))
    const component = kustomizeComponent(edited)
    await writeOutputDirectory(output, component.files, { force })
    const files = component.files.map(({ path }) => ({ file: `${output}/${path}`, changes: 1 }))
    for (const { file } of files) this.log(file)
    return { files, findings: [...findings.filter(isAboutInputs), ...component.findings] }
  }
}
