import { basename } from 'node:path'
import { Args } from '@oclif/core'
import { diffLocks, type LockDiff } from '../bundle/delta/diff.ts'
import type { Lock } from '../bundle/format/lock.ts'
import { seedSetDigest } from '../bundle/format/seed-set.ts'
import { sayEdition } from '../bundle/lock/edition.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { readLockOf } from '../cli/bundles/lock-file.ts'
import { ARCHIVE, keyFlag, pageFlags, TABLE_ONLY } from '../cli/flags/bundle-file-flags.ts'
import { checkPage, writeDiffPage } from '../cli/inspection/bundle-page.ts'
import { formatFlag } from '../cli/output/formats/output-format.ts'
import { namedDigest } from '../cli/output/terminal/named-digest.ts'
import { CHANGES } from '../cli/output/terminal/screen.ts'
import { shortDigests } from '../cli/output/terminal/text-width.ts'
import { formatBytes } from '../oci/format-bytes.ts'

export default class Diff extends BaseCommand {
  static override summary = 'show what changed from one bundle or lock to another: images, moved tags, bytes'
  static override examples = [
    '<%= config.bin %> <%= command.id %> may.tar june.tar',
    '<%= config.bin %> <%= command.id %> may.tar nodeseed.lock --json',
    '<%= config.bin %> <%= command.id %> may.tar june.tar --html june.html',
  ]
  static override flags = {
    ...keyFlag(TABLE_ONLY),
    output: formatFlag(['table', 'wide', 'json', 'yaml']),
    ...pageFlags,
  }
  static override args = {
    before: Args.string({ description: `${ARCHIVE}; lock`, required: true }),
    after: Args.string({ description: `${ARCHIVE}; lock`, required: true }),
  }

  async run(): Promise<LockDiff> {
    const { args, flags } = await this.parse(Diff)
    await checkPage(flags.html, { inputs: [args.before, args.after], force: flags.force })
    const [before, after] = [await readLockOf(args.before, flags), await readLockOf(args.after, flags)]
    const diff = diffLocks(before, after)
    const change = (line: string) => this.log(this.tableWidth === undefined ? line : shortDigests(line), CHANGES)
    for (const { name, digest } of diff.removed) change(`- ${namedDigest(name, digest, undefined)}`)
    for (const { name, digest } of diff.added) change(`+ ${namedDigest(name, digest, undefined)}`)
    for (const { name, from, to } of diff.moved) change(`~ ${name} ${from} -> ${to}`)
    const { addedBytes, removedBytes, keptBytes } = diff
    this.log(`${formatBytes(addedBytes)} new, ${formatBytes(removedBytes)} gone, ${formatBytes(keptBytes)} as before`)
    if (flags.html !== undefined) {
      const about = [
        ['Before', sayFile(args.before, before)],
        ['After', sayFile(args.after, after)],
        ['Made by', `nodeseed ${this.config.version}`],
      ] as const
      await writeDiffPage(flags.html, { before, after, diff, about })
    }
    return diff
  }
}

/** `shop.tar (number 2 of the set shop, digest of the set 0123456789abcdef)`: names alone would say nothing to a signer. */
function sayFile(path: string, lock: Lock): string {
  const { edition } = lock
  const number = edition ? `${sayEdition(edition)}, ` : ''
  return `${basename(path)} (${number}digest of the set ${seedSetDigest(lock)})`
}
