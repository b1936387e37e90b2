import { writeFile } from 'node:fs/promises'
import { Args, Flags } from '@oclif/core'
import { imagesFailed } from '../bundle/failure.ts'
import { joinLocks, lockImages } from '../bundle/lock.ts'
import { findMovedTags, type MovedTag } from '../bundle/moved-tags.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { countOf } from '../cli/count.ts'
import {
  DEFAULT_PLATFORMS,
  DEFAULT_PLATFORMS_NOTE,
  platformFlags,
  platformsFrom,
  registryFlags,
} from '../cli/registry-flags.ts'
import { readRegistryOptions } from '../cli/registry-options.ts'
import { imageFlags, wantedImages } from '../cli/wanted-images.ts'
import { ExpectedError } from '../errors.ts'
import type { Lock } from '../inventory.ts'
import { formatPlatform } from '../oci/platform.ts'
import { RegistryClient } from '../registry/registry-client.ts'

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
    input: Args.string({ description: 'manifest file, directory, lock, or - for standard input' }),
  }
  static override flags = {
    output: Flags.string({ char: 'o', description: 'file to write', exactlyOne: ['output', 'check'] }),
    check: Flags.boolean({
      description: 'write nothing, but ask whether tags of the locks have moved; exit code 4 if one has',
    }),
    force: Flags.boolean({ description: 'replace the file if it is there' }),
    referrers: Flags.boolean({ description: 'carry signatures, SBOMs and attestations of the images along' }),
    ...imageFlags,
    ...platformFlags,
    ...registryFlags,
  }

  async run(): Promise<Lock | { moved: readonly MovedTag[] }> {
    const { argv, flags } = await this.parse(LockCommand)
    const { references, locked } = await wantedImages(argv as string[], flags)
    const named = await platformsFrom(flags)
    if (!named && references.length > 0) this.logToStderr(DEFAULT_PLATFORMS_NOTE)
    const client = new RegistryClient(await readRegistryOptions(flags, argv as string[]))
    try {
      if (!flags.output) return await this.#check({ version: 1, images: locked }, client)
      const { lock: found, failures } = await lockImages(references, named ?? DEFAULT_PLATFORMS, client, {
        attachments: flags.referrers ? client : undefined,
        onLocked: ({ reference, target, platforms }) =>
          this.logToStderr(
            `locked ${reference} ${target.digest} ${platforms.map(({ platform }) => formatPlatform(platform)).join(' ')}`,
          ),
      })
      if (failures.length > 0) throw imagesFailed(failures, references.length)
      const lock = joinLocks([{ version: 1, images: locked }, found], named)
      await writeLock(flags.output, lock, flags.force)
      this.log(`${flags.output}: ${countOf(lock.images.length, 'image')}`)
      return lock
    } finally {
      await client.close()
    }
  }

  async #check(lock: Lock, client: RegistryClient): Promise<{ moved: readonly MovedTag[] }> {
    const { moved, failures } = await findMovedTags(lock, client)
    if (failures.length > 0) throw imagesFailed(failures, lock.images.length)
    for (const { reference, from, to } of moved) this.log(`~ ${reference} ${from} -> ${to}`)
    this.log(`${countOf(lock.images.length, 'image')}, ${countOf(moved.length, 'tag')} moved`)
    if (moved.length > 0) this.answerNo()
    return { moved }
  }
}

async function writeLock(path: string, lock: Lock, force: boolean): Promise<void> {
  const text = `${JSON.stringify(lock, null, 2)}\n`
  await writeFile(path, text, { flag: force ? 'w' : 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') {
      throw new ExpectedError('OUTPUT_EXISTS', `${path}: is there already`, {
        hint: 'Write to another file, or add --force to replace this one.',
      })
    }
    throw new ExpectedError('DISK_ERROR', `${path}: cannot be written: ${cause.code}`, { cause })
  })
}
