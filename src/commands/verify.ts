import { Args, Flags } from '@oclif/core'
import { verifyBundle, verifyContent } from '../bundle/check/verify.ts'
import type { LockedContent } from '../bundle/format/bundle.ts'
import { countKinds } from '../bundle/kinds.ts'
import { replayProblem } from '../bundle/lock/edition.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { readLockOf } from '../cli/bundles/lock-file.ts'
import { checkSignature } from '../cli/bundles/sign-bundle.ts'
import { notSigned, openImages } from '../cli/bundles/trusted-bundle.ts'
import { describeDelta } from '../cli/deltas/describe-delta.ts'
import { ARCHIVE, keyFlag } from '../cli/flags/bundle-file-flags.ts'
import { createProgress } from '../cli/output/progress.ts'
import { BundleFile } from '../layout/bundle-file.ts'
import { wholeName } from '../layout/files/part-name.ts'
import { patchProblems } from '../layout/patch/check-patches.ts'
import { sizeOfBlobs } from '../oci/content/content.ts'
import { countOf } from '../plural.ts'

export default class Verify extends BaseCommand {
  static override summary =
    'check that every byte of a bundle, or of an archive of images, is what its digest says; exit code 4 when one is not'
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar',
    '<%= config.bin %> <%= command.id %> shop.tar --key nodeseed.pub',
  ]
  static override args = { file: Args.string({ description: ARCHIVE, required: true }) }
  static override flags = {
    ...keyFlag('contents are hashed with or without it'),
    'newer-than': Flags.string({
      description: 'bundle or lock that is held: refuse an older edition of its set',
      helpValue: 'FILE',
    }),
    'allow-older': Flags.boolean({
      description: 'say that it is older, and do not refuse it',
      dependsOn: ['newer-than'],
    }),
    signature: Flags.string({
      description: 'signature; default: the bundle with .sig at the end',
      helpValue: 'FILE',
      dependsOn: ['key'],
    }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Verify)
    this.whenStopped('nothing was changed, and not every byte was checked; run the same command again')
    const content = await openImages(args.file, {})
    if (!(content instanceof BundleFile)) return this.#verifyArchive(content, flags)
    const bundle = content
    const progress = createProgress()
    await progress.start(`verify ${args.file}`, bundle.size)
    try {
      const signature = await checkSignature(bundle, flags)
      const replay = await this.#replayProblem(bundle, flags)
      const problems = [
        ...(replay ? [{ message: replay }] : []),
        ...(signature.problem ? [{ message: signature.problem }] : []),
        ...(await verifyBundle(bundle, (count) => progress.add(count))),
        ...(await patchProblems(bundle)).map((message) => ({ message })),
      ]
      progress.stop()
      for (const { message } of problems) this.log(message)
      const { images } = bundle.lock
      const verdict = problems.length === 0 ? 'every byte is as its digest says' : countOf(problems.length, 'problem')
      // Whichever part was named, all were read.
      const name = bundle.isInParts ? `${wholeName(args.file)}, in parts` : args.file
      this.log(`${name}: ${countOf(images.length, 'image')}, ${countOf(bundle.blobs.size, 'blob')}: ${verdict}`)
      for (const line of describeDelta(bundle.table)) this.log(`  ${line}`)
      this.log(`  ${signature.note}`)
      if (problems.length > 0) this.answerNo()
      const omissions = this.sayLeftOut(bundle.leftOut)
      return { file: args.file, ok: problems.length === 0, signature: signature.state, problems, omissions }
    } finally {
      progress.stop()
      await bundle.close()
    }
  }

  /** What another program saved: its bytes can be checked, and nobody signed it. */
  async #verifyArchive(content: LockedContent, { key }: { key?: string | undefined }): Promise<unknown> {
    const progress = createProgress()
    try {
      if (key !== undefined) throw notSigned(content.path)
      await progress.start(`verify ${content.path}`, sizeOfBlobs(content))
      const problems = await verifyContent(content, (count) => progress.add(count))
      progress.stop()
      for (const { message } of problems) this.log(message)
      const counts = `${countKinds(content.lock.images)}, ${countOf(content.blobs.size, 'blob')}`
      const verdict = problems.length === 0 ? 'every byte is as its digest says' : countOf(problems.length, 'problem')
      this.log(`${content.path}: ${counts}: ${verdict}`)
      this.log('  no bundle, so nothing says who made it, nor that these are all images that are needed')
      if (problems.length > 0) this.answerNo()
      const omissions = this.sayLeftOut(content.leftOut ?? [])
      return { file: content.path, ok: problems.length === 0, signature: 'unsigned', problems, omissions }
    } finally {
      progress.stop()
      await content.close()
    }
  }

  async #replayProblem(
    { path, lock }: BundleFile,
    flags: { 'newer-than'?: string | undefined; 'allow-older': boolean },
  ): Promise<string | undefined> {
    const held = flags['newer-than']
    if (held === undefined) return undefined
    const problem = replayProblem(lock, await readLockOf(held))
    if (problem === undefined) return undefined
    const message = `${path} must not take the place of ${held}: ${problem}`
    if (!flags['allow-older']) return message
    this.logToStderr(message)
    return undefined
  }
}
