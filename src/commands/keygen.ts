import { Flags } from '@oclif/core'
import { makeKeyPair } from '../bundle/format/signature.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { createFiles } from '../disk/write-file.ts'

export default class Keygen extends BaseCommand {
  static override summary = 'make a key pair for bundle --sign and verify --key'
  static override description =
    'ECDSA on P-256, in PEM. With NODESEED_KEY_PASSWORD in the environment the private key is encrypted with it.'
  static override examples = ['<%= config.bin %> <%= command.id %> -o nodeseed']
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'name of the files, before .key and .pub',
      required: true,
      helpValue: 'NAME',
    }),
  }

  async run(): Promise<{ privateKey: string; publicKey: string }> {
    const { flags } = await this.parse(Keygen)
    const files = { privateKey: `${flags.output}.key`, publicKey: `${flags.output}.pub` }
    const pair = makeKeyPair(process.env.NODESEED_KEY_PASSWORD)
    // A key that is there is never replaced.
    const both = [
      { file: files.privateKey, content: pair.privateKey, mode: 0o600 },
      { file: files.publicKey, content: pair.publicKey, mode: 0o644 },
    ]
    await createFiles(both, { hint: 'Choose another name.' })
    this.log(`${files.privateKey}: keep it secret\n${files.publicKey}: give it to whoever verifies`)
    return files
  }
}
