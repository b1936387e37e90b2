import { Args, Flags } from '@oclif/core'
import { heldBackFindings, lacksImages, missingFindings } from '../bundle/format/left-out.ts'
import type { Lock } from '../bundle/format/lock.ts'
import { countKinds, kindOf } from '../bundle/kinds.ts'
import { asEdition } from '../bundle/lock/edition.ts'
import { findMovedTags, type MovedTag, TagsUnaskedError } from '../bundle/lock/moved-tags.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { bundleTakes } from '../cli/bundles/fetch-plan.ts'
import { domainsOf, type ImagesToLock } from '../cli/bundles/images-to-lock.ts'
import { readLockOf } from '../cli/bundles/lock-file.ts'
import { lockFlags } from '../cli/bundles/lock-flags.ts'
import { lockInputs } from '../cli/bundles/lock-inputs.ts'
import { withManifestCache } from '../cli/bundles/manifest-cache.ts'
import { keepInputs } from '../cli/files/kept-inputs.ts'
import { durationFlag } from '../cli/flags/duration-flag.ts'
import { strictnessOf } from '../cli/flags/strict-flags.ts'
import { isNote } from '../cli/output/findings.ts'
import type { Omission } from '../cli/output/omissions.ts'
import { namedDigest } from '../cli/output/terminal/named-digest.ts'
import { withProject } from '../cli/project/with-project.ts'
import { withPullSecretHint } from '../cli/registry/pull-secret-hint.ts'
import { renderQuotas } from '../cli/registry/quota.ts'
import { readRegistryOptions } from '../cli/registry/registry-options.ts'
import { imagesAndPlaces } from '../cli/sources/images-and-places.ts'
import { checkOutputPlace } from '../disk/output-place.ts'
import { writeTextFile } from '../disk/write-file.ts'
import { ExpectedError } from '../errors.ts'
import { beginsAsArchive } from '../layout/open-content.ts'
import { formatPlatform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'
import { countOf } from '../plural.ts'
import { RegistryClient } from '../registry/client/registry-client.ts'

/** How many images were asked about, and which of their tags have moved. */
interface CheckedTags {
  readonly images: number
  readonly moved: readonly MovedTag[]
}

export default class LockCommand extends BaseCommand {
  static override summary = 'fix the images of Kubernetes manifests to the digests that registries give them now'
  static override description = 'Talks to registries, but downloads no layer. The lock says what bundle will hold.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> manifests/ -o nodeseed.lock',
    '<%= config.bin %> <%= command.id %> nodeseed.lock --check',
    '<%= config.bin %> <%= command.id %> k8s/ --nodes nodes.json --mirror quay.io=mirror.local/quay -o nodeseed.lock',
  ]
  static override strict = false
  static override args = {
    input: Args.string({
      description:
        'manifest file, directory, chart, oci:// address of a chart or of manifests, lock, or - for standard input',
    }),
  }
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'file to write',
      helpValue: 'FILE',
      exactlyOne: ['output', 'check'],
    }),
    force: Flags.boolean({ description: 'replace the file if it is there' }),
    check: Flags.boolean({
      description: 'write nothing, but ask whether tags of the locks have moved; exit code 4 if one has',
    }),
    'min-age': durationFlag({
      description:
        'take a new digest only when a lock has known it for so long: until then the digest of the lock that is replaced (--force) stays',
      inDays: true,
      exclusive: ['check'],
    }),
    ...lockFlags,
  }

  async run(): Promise<(Lock & { omissions: readonly Omission[] }) | CheckedTags> {
    const parsed = await this.parse(LockCommand)
    this.whenStopped('nothing was written; run the same command again')
    const { inputs, flags } = await withProject(parsed.argv as string[], parsed.flags)
    const strictness = await strictnessOf(inputs, flags)
    const replaced = flags.output && flags.force ? await readReplaced(flags.output, flags) : undefined
    if (flags.output) await checkOutputPlace(flags.output, { replace: flags.force })
    // A lock is made anew in its own place.
    const isOwnLock = replaced !== undefined && !(await beginsAsArchive(flags.output ?? ''))
    if (flags.output && flags.force && !isOwnLock) await keepInputs(flags.output, { inputs, flags })
    const client = new RegistryClient(await readRegistryOptions(flags, inputs))
    const open: { close(): Promise<void> }[] = [client]
    try {
      const { wanted, places } = await imagesAndPlaces(inputs, flags, client, undefined)
      open.push(...places)
      this.sayFindings(wanted.leftOut.filter(isNote))
      this.refuseLeftOut(wanted.leftOut, strictness)
      if (!flags.output) return await this.#check(onlyLocked(wanted), client)
      const file = flags.output
      const { lock, leftOut, takes } = await withManifestCache(file, async (kept) => {
        const {
          lock: locked,
          leftOut,
          documents,
        } = await lockInputs(wanted, flags, {
          ...{ client, kept, places, local: places, fetchesLocked: false },
          onLocked: ({ reference, target, platforms, artifacts = [] }) => {
            const held = platforms.map(({ platform }) => formatPlatform(platform))
            const kinds = artifacts.map(({ artifactType }) => kindOf(artifactType))
            const named = namedDigest(reference, target.digest, this.tableWidth)
            this.note(`locked ${named} ${[...held, ...new Set(kinds)].join(' ')}`)
          },
          seenFirst: { previous: replaced, now: new Date(), minAge: flags['min-age'] },
          note: (text) => this.note(text),
          sayFindings: (findings) => this.sayFindings(findings),
        })
        this.refuseLeftOut([...wanted.leftOut, ...leftOut, ...missingFindings(locked)], strictness)
        const lock = asEdition(locked, { set: flags['set-name'], number: flags.number }, replaced)
        await writeTextFile(file, `${JSON.stringify(lock, null, 2)}\n`, { replace: flags.force })
        return { lock, leftOut, takes: await bundleTakes(lock, file, { documents, reuse: places }) }
      })
      for (const line of renderQuotas(domainsOf(wanted), (registry) => client.quotaOf(registry))) this.note(line)
      this.sayFindings(heldBackFindings(lock))
      this.log(`${flags.output}: ${countKinds(lock.images)}`)
      for (const line of takes) this.note(line)
      if (lacksImages(lock)) this.answerNo()
      const omissions = this.sayLeftOut([...wanted.leftOut, ...leftOut, ...missingFindings(lock)], strictness)
      return { ...lock, omissions }
    } catch (error) {
      throw await withPullSecretHint(error, inputs, flags)
    } finally {
      for (const one of open) await one.close()
    }
  }

  async #check(lock: Lock, client: RegistryClient): Promise<CheckedTags> {
    const { moved, failures } = await findMovedTags(lock, client)
    const { length: images } = lock.images
    for (const { reference, from, to } of moved) this.log(`~ ${reference} ${from} -> ${to}`)
    if (failures.length > 0) throw new TagsUnaskedError(failures, images, moved)
    this.log(`${countOf(images, 'image')}, ${countOf(moved.length, 'tag')} moved`)
    if (moved.length > 0) this.answerNo()
    return { images, moved }
  }
}

/**
 * The lock that is about to be replaced; what is no lock gives no number.
 *
 * @throws {ExpectedError} what reading it throws, where ages count and what is there does not say them: every image would seem new
 */
async function readReplaced(file: string, flags: { 'min-age'?: number | undefined }): Promise<Lock | undefined> {
  return readLockOf(file).catch((error) => {
    if (!(error instanceof ExpectedError)) throw error
    if (flags['min-age'] === undefined || error.code === 'INPUT_NOT_FOUND') return undefined
    throw new ExpectedError(error.code, `--min-age goes by the lock that is replaced: ${error.message}`, {
      hint: `Fix ${file}, or remove it: then every image counts as new.`,
      cause: error,
    })
  })
}

/** What has no digest yet cannot have moved: an answer about it would always be that all is well. */
function onlyLocked({ references: [first], locked }: ImagesToLock): Lock {
  if (!first) return { version: 1, images: locked }
  throw new ExpectedError('USAGE', `--check compares locks, and ${formatReference(first)} is in none`, {
    hint: 'Make a lock first with: nodeseed lock INPUT... -o nodeseed.lock, and check that: nodeseed lock nodeseed.lock --check',
  })
}
