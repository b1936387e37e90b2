import { Args } from '@oclif/core'
import { diffLocks, type LockDiff } from '../bundle/delta/diff.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { readLockOf } from '../cli/bundles/lock-file.ts'
import { ARCHIVE, keyFlag, TABLE_ONLY } from '../cli/flags/bundle-file-flags.ts'
import { formatBytes } from '../oci/format-bytes.ts'

export default class Diff extends BaseCommand {
  static override summary = 'show what changed from one bundle or lock to another: images, moved tags, bytes'
  static override examples = [
    '<%= config.bin %> <%= command.id %> may.tar june.tar',
    '<%= config.bin %> <%= command.id %> may.tar nodeseed.lock --json',
  ]
  static override flags = keyFlag(TABLE_ONLY)
  static override args = {
    before: Args.string({ description: `${ARCHIVE}; lock`, required: true }),
    after: Args.string({ description: `${ARCHIVE}; lock`, required: true }),
  }

  async run(): Promise<LockDiff> {
    const { args, flags } = await this.parse(Diff)
    const diff = diffLocks(await readLockOf(args.before, flags), await readLockOf(args.after, flags))
    for (const { name, digest } of diff.removed) this.log(`- ${name} ${digest}`)
    for (const { name, digest } of diff.added) this.log(`+ ${name} ${digest}`)
    for (const { name, from, to } of diff.moved) this.log(`~ ${name} ${from} -> ${to}`)
    const { addedBytes, removedBytes, keptBytes } = diff
    this.log(`${formatBytes(addedBytes)} new, ${formatBytes(removedBytes)} gone, ${formatBytes(keptBytes)} as before`)
    return diff
  }
}
