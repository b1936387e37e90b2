import { Args, Flags } from '@oclif/core'
import { verifyBundle } from '../bundle/check/verify.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { checkSignature } from '../cli/bundles/sign-bundle.ts'
import { describeRequired } from '../cli/bundles/write-bundle.ts'
import { keyFlag } from '../cli/flags/bundle-file-flags.ts'
import { createProgress } from '../cli/output/progress.ts'
import { openBundle } from '../layout/bundle-file.ts'
import { countOf } from '../plural.ts'

export default class Verify extends BaseCommand {
  static override summary = 'check that every byte of a bundle is what its digest says; exit code 4 when one is not'
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar',
    '<%= config.bin %> <%= command.id %> shop.tar --key nodeseed.pub',
  ]
  static override args = { file: Args.string({ description: 'bundle', required: true }) }
  static override flags = {
    ...keyFlag,
    signature: Flags.string({
      description: 'signature; default: the bundle with .sig at the end',
      helpValue: 'FILE',
      dependsOn: ['key'],
    }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Verify)
    const bundle = await openBundle(args.file)
    const progress = createProgress()
    await progress.start(`verify ${args.file}`, bundle.size)
    try {
      const signature = await checkSignature(bundle, flags)
      const problems = [
        ...(signature.problem ? [{ message: signature.problem }] : []),
        ...(await verifyBundle(bundle, (count) => progress.add(count))),
      ]
      progress.stop()
      for (const { message } of problems) this.log(message)
      const { images } = bundle.lock
      const verdict = problems.length === 0 ? 'every byte is as its digest says' : countOf(problems.length, 'problem')
      this.log(`${args.file}: ${countOf(images.length, 'image')}, ${countOf(bundle.blobs.size, 'blob')}: ${verdict}`)
      const { requires } = bundle.table
      if (requires) this.log(`  a delta: its receiver has ${describeRequired(requires)} already`)
      this.log(`  ${signature.note}`)
      if (problems.length > 0) this.answerNo()
      return { file: args.file, ok: problems.length === 0, signature: signature.state, problems }
    } finally {
      progress.stop()
      await bundle.close()
    }
  }
}
