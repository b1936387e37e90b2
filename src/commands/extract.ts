import { mkdir } from 'node:fs/promises'
import { Args, Flags } from '@oclif/core'
import { filesAmong, type PlainFile } from '../bundle/files/file-artifact.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { openOverBases } from '../cli/bundles/trusted-bundle.ts'
import { ARCHIVE, baseFlag, keyFlag } from '../cli/flags/bundle-file-flags.ts'
import { extractFile } from '../cli/plain-files/extract-file.ts'
import { ExpectedError, writeError } from '../errors.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { quote } from '../quote.ts'

export default class Extract extends BaseCommand {
  static override summary = 'write the plain files that a bundle carries (bundle --file) into a directory'
  static override description =
    'Each has its name and its mode, and appears when every byte is what its digest says. What is there already stays.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar -o files',
    '<%= config.bin %> <%= command.id %> shop.tar install.sh -o /usr/local/bin --key release.pub',
  ]
  static override strict = false
  static override args = {
    file: Args.string({ description: ARCHIVE, required: true }),
    name: Args.string({ description: 'file to write; several are fine; default all' }),
  }
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'directory to write into; it is made if need be',
      required: true,
      helpValue: 'DIR',
    }),
    force: Flags.boolean({ description: 'replace files that are there' }),
    ...keyFlag('each file is hashed as it is written'),
    ...baseFlag,
  }

  async run(): Promise<unknown> {
    const { argv, args, flags } = await this.parse(Extract)
    const content = await openOverBases(args.file, flags)
    try {
      const files = chosen(filesAmong(content.lock.images, args.file), (argv as string[]).slice(1), args.file)
      await mkdir(flags.output, { recursive: true }).catch((error) => {
        throw writeError(flags.output, error)
      })
      const written = []
      for (const file of files) {
        const path = await extractFile(content, file, { directory: flags.output, force: flags.force })
        this.log(`${path}: ${formatBytes(file.size)}, ${file.digest}`)
        written.push({ path, digest: file.digest, bytes: file.size, mode: file.mode.toString(8).padStart(4, '0') })
      }
      return { files: written }
    } finally {
      await content.close()
    }
  }
}

/** @throws {ExpectedError} INPUT_INVALID for a name that is not there, and where there is no file at all */
function chosen(files: readonly PlainFile[], names: readonly string[], bundle: string): readonly PlainFile[] {
  const missing = names.filter((name) => files.every((file) => file.name !== name))
  if (missing.length === 0 && files.length > 0) {
    return names.length === 0 ? files : files.filter(({ name }) => names.includes(name))
  }
  const problem = missing.length > 0 ? `carries no file ${missing.join(', ')}` : 'carries no plain files'
  const held = files.map(({ name }) => name).join(', ')
  throw new ExpectedError('INPUT_INVALID', `${bundle}: ${problem}`, {
    hint: held ? `It carries ${held}` : `See what it holds with: nodeseed inspect ${quote(bundle)}`,
  })
}
