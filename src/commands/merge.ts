import { Args, Flags } from '@oclif/core'
import { type MergedInput, mergeLocks } from '../bundle/delta/merge-locks.ts'
import { severalSets, sharedNumber, staleInput } from '../bundle/delta/stale-input.ts'
import type { LockedContent } from '../bundle/format/bundle.ts'
import { carriedFiles } from '../bundle/format/node-files.ts'
import { planBundle } from '../bundle/format/plan.ts'
import { countKinds } from '../bundle/kinds.ts'
import { asEdition } from '../bundle/lock/edition.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { readLockOf } from '../cli/bundles/lock-file.ts'
import { readSigner } from '../cli/bundles/sign-bundle.ts'
import { openImages } from '../cli/bundles/trusted-bundle.ts'
import { makeBundle, NOWHERE, openExisting } from '../cli/bundles/write-bundle.ts'
import { patchedContents } from '../cli/deltas/patched-contents.ts'
import { keepInputs } from '../cli/files/kept-inputs.ts'
import { readNodeScript } from '../cli/files/node-script.ts'
import { carriedTools } from '../cli/files/tool-file.ts'
import { ARCHIVE, bundleFileFlags, editionFlags, keyFlag } from '../cli/flags/bundle-file-flags.ts'
import { namedDigest } from '../cli/output/terminal/named-digest.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { ExpectedError } from '../errors.ts'
import { BundleFile } from '../layout/bundle-file.ts'
import type { PatchedLayers } from '../layout/patch/patched-layers.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { countOf } from '../plural.ts'

export default class Merge extends BaseCommand {
  static override summary = 'make one bundle of several, or of a base and its deltas, without any registry'
  static override description =
    paragraph(`Where two bundles give one name to two images, the later bundle decides. A delta is the next edition of its set: what
earlier bundles of that set have and it has not is let go, and said. Of bundles that are whole, all is kept. What another
program saved is whole, and of no set.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> may.tar june-delta.tar -o june.tar',
    '<%= config.bin %> <%= command.id %> shop.tar tools.tar --only nodeseed.lock -o all.tar',
  ]
  static override strict = false
  static override args = { bundle: Args.string({ description: `${ARCHIVE}; the base first`, required: true }) }
  static override flags = {
    only: Flags.string({
      description: 'take exactly the images of this lock (or bundle), all of which must be there',
      helpValue: 'LOCK',
      exclusive: ['keep-all'],
    }),
    'allow-older': Flags.boolean({
      description: 'let a bundle decide that is older than an earlier one of its set, and say so',
      exclusive: ['only'],
    }),
    'keep-all': Flags.boolean({ description: 'let nothing go that an earlier bundle has' }),
    ...keyFlag('contents are hashed as they are copied'),
    ...editionFlags,
    ...bundleFileFlags,
  }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(Merge)
    this.whenStopped('nothing was kept; run the same command again')
    const signer = await readSigner(flags.sign)
    const existing = await openExisting(flags)
    if (flags.force) await keepInputs(flags.output, { inputs: argv as string[], flags })
    const opened: LockedContent[] = existing ? [existing] : []
    const patched: PatchedLayers[] = []
    try {
      for (const path of argv as string[]) opened.push(await openImages(path, flags))
      const inputs = opened.filter((content) => content !== existing)
      const bundles = inputs.filter((content) => content instanceof BundleFile)
      const locks = inputs.map((content) => ({
        lock: content.lock,
        isDelta: content instanceof BundleFile && content.table.requires !== undefined,
      }))
      const older = flags.only === undefined ? this.#checkEditions(inputs, locks, flags) : undefined
      const only = flags.only === undefined ? undefined : await readLockOf(flags.only)
      const { lock: merged, letGo } = mergeLocks(locks, { keepAll: flags['keep-all'], only })
      const lock = asEdition(merged, { set: flags['set-name'], number: flags.number ?? older })
      const files = [...carriedFiles(lock, await readNodeScript()), ...(await carriedTools(bundles))]
      const plan = planBundle(lock, files)
      patched.push(...(await patchedContents(inputs)))
      for (const layers of patched) await layers.checkBases()
      const sources = { source: NOWHERE, reuse: [...opened, ...patched], signer }
      const { signature } = await makeBundle(plan, existing, flags, sources).catch((error) => {
        throw patched.find(({ problem }) => problem)?.problem ?? error
      })
      const counts = `${countKinds(lock.images)}, ${countOf(plan.table.blobs.length, 'blob')}`
      for (const { name, digest } of letGo) this.log(`- ${namedDigest(name, digest, this.tableWidth)}`)
      this.log(`${flags.output}: ${counts}, ${formatBytes(plan.size)}`)
      if (signature) this.log(`${signature}: the signature`)
      const [images, blobs] = [lock.images.length, plan.table.blobs.length]
      const omissions = this.sayLeftOut(inputs.flatMap(({ leftOut = [] }) => leftOut))
      return { file: flags.output, bytes: plan.size, images, blobs, letGo, ...(signature && { signature }), omissions }
    } finally {
      for (const content of [...patched, ...opened]) await content.close()
    }
  }

  /**
   * The number of the older edition that decides, where one does.
   *
   * @throws {ExpectedError} BUNDLE_INVALID unless that is allowed
   */
  #checkEditions(
    inputs: readonly LockedContent[],
    locks: readonly MergedInput[],
    flags: {
      readonly 'allow-older': boolean
      readonly 'set-name'?: string | undefined
      readonly number?: number | undefined
      readonly output: string
    },
  ): number | undefined {
    const stale = staleInput(locks)
    const message = stale && `${inputs[stale.at]?.path} must not decide over what is named before it: ${stale.problem}`
    if (message && !flags['allow-older']) {
      throw new ExpectedError('BUNDLE_INVALID', message, {
        hint: 'Name the bundles in the order of their numbers, or give the new one its number when it is made, with --number. To go back all the same: --allow-older',
      })
    }
    if (message) this.logToStderr(message)
    const sets = severalSets(locks.map(({ lock }) => lock))
    if (sets && flags['set-name'] === undefined) {
      this.logToStderr(
        `${flags.output} is of the set images, not of those that it is made of (${sets}): nobody can tell whether it is older than one of them. Name its set with --set-name and --number`,
      )
    }
    const shared = sharedNumber(locks.map(({ lock }) => lock))
    if (shared && flags['set-name'] === undefined && flags.number === undefined) {
      this.logToStderr(
        `${flags.output} is made of several with other images that are all ${shared}: nobody can tell which is newer, or of which project. Name its set with --set-name, or its number with --number`,
      )
    }
    return stale && locks[stale.at]?.lock.edition?.number
  }
}
