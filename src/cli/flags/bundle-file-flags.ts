import { Flags } from '@oclif/core'
import { sizeFlag } from './size-flag.ts'

/** Flags of every command that writes a bundle. */
export const bundleFileFlags = {
  output: Flags.string({ char: 'o', description: 'file to write', required: true, helpValue: 'FILE' }),
  force: Flags.boolean({ description: 'replace the file if it is there' }),
  split: sizeFlag({
    description: 'write parts of this size, FILE.part001 and so on, such as 4GB or 650MiB; every command reads them',
    min: 64 * 1024,
  }),
}

/** Flag of every command that reads a bundle. */
export const keyFlag = {
  key: Flags.string({ description: 'public key (PEM) that must have signed the bundle', helpValue: 'FILE' }),
}
