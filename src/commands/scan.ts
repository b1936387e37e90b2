import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { imagesOf, scanInputs } from '../cli/scan-inputs.ts'

export default class Scan extends BaseCommand {
  static override summary = 'list every image that Kubernetes manifests use, with its pull policy and where it stands'
  static override examples = ['<%= config.bin %> <%= command.id %> examples/shop.yaml']
  static override strict = false
  static override args = {
    input: Args.string({ description: 'file, directory, or - for standard input', required: true }),
  }
  static override flags = {
    policy: Flags.string({ description: 'pull policies to take, comma separated', default: 'Never,IfNotPresent' }),
  }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(Scan)
    const { uses, findings } = await scanInputs(argv as string[])
    const images = imagesOf(uses, flags.policy.split(','))
    for (const image of images) this.log(image)
    return { uses, images, findings }
  }
}
