import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { renderFindings } from '../cli/findings.ts'
import { parsePolicies } from '../cli/policies.ts'
import { imagesOf, isIncomplete, scanInputs } from '../cli/scan-inputs.ts'
import { renderTable } from '../cli/table.ts'
import { type ImageUse, renderUse } from '../discovery/image-use.ts'

export default class Scan extends BaseCommand {
  static override summary = 'list every image that Kubernetes manifests use, with its pull policy and where it stands'
  static override description = `Results go to standard output, findings to standard error.
Exit code 0 also with findings; 2 when something could not be read, so that images may be missing from the list.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> examples/scan/shop.yaml',
    'helm template shop ./chart | <%= config.bin %> <%= command.id %> - --format images',
    '<%= config.bin %> <%= command.id %> manifests/ --policy Never,IfNotPresent,Always --json',
  ]
  static override strict = false
  static override args = {
    input: Args.string({
      description: 'file, directory (every .yaml, .yml and .json below it), or - for standard input; several are fine',
      required: true,
    }),
  }
  static override flags = {
    policy: Flags.string({
      description: 'pull policies to take, comma separated: Never, IfNotPresent, Always',
      default: 'Never,IfNotPresent',
    }),
    format: Flags.option({ options: ['table', 'images'] as const })({
      description: 'table: one line a use; images: one line an image, for other tools',
      default: 'table',
    }),
  }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(Scan)
    const policies = parsePolicies(flags.policy)
    const scan = await scanInputs(argv as string[])
    const images = imagesOf(scan.uses, policies)
    if (flags.format === 'images') for (const image of images) this.log(image)
    else
      this.log(
        renderUses(
          scan.uses.filter(({ policy }) => policy === undefined || policies.some((wanted) => wanted === policy)),
        ),
      )
    if (scan.findings.length > 0) this.logToStderr(renderFindings(scan.findings))
    if (isIncomplete(scan)) process.exitCode = 2
    return { uses: scan.uses.map(renderUse), images, findings: scan.findings }
  }
}

function renderUses(uses: readonly ImageUse[]): string {
  if (uses.length === 0) return 'No image.'
  const rows = uses.map(({ reference, policy, workload, container, file, line }) => [
    reference,
    policy ?? '(operator)',
    `${workload.kind} ${workload.namespace ? `${workload.namespace}/` : ''}${workload.name}`,
    container ?? '',
    `${file}:${line}`,
  ])
  return renderTable(['IMAGE', 'POLICY', 'WORKLOAD', 'CONTAINER', 'WHERE'], rows)
}
