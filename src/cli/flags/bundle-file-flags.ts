import { Flags } from '@oclif/core'
import { isSetName } from '../../bundle/format/lock.ts'
import { ExpectedError } from '../../errors.ts'
import { ARCHIVE_MAKERS } from '../../layout/archives/open-archive.ts'
import { repeatable } from './repeatable.ts'
import { sizeFlag } from './size-flag.ts'

/** Flags of every command that writes a bundle. */
export const bundleFileFlags = {
  output: Flags.string({ char: 'o', description: 'file to write', required: true, helpValue: 'FILE' }),
  force: Flags.boolean({ description: 'replace the file if it is there' }),
  split: sizeFlag({
    description: 'write parts of this size, FILE.part001 and so on, such as 4GB or 650MiB; every command reads them',
    min: 64 * 1024,
  }),
  sign: Flags.string({
    description: 'sign with this private key (PEM); the signature goes beside the bundle, into FILE.sig',
    helpValue: 'KEY',
  }),
}

/** What commands take that read images wherever they are. */
export const ARCHIVE = `bundle, or what ${ARCHIVE_MAKERS} saved; OCI image layout`

/** Flag of every command that reads a bundle. `then` says what becomes of contents, which the signature names by digest. */
export function keyFlag(then: string) {
  const description = `public key (PEM) that must have signed the bundle; ${then}`
  return { key: Flags.string({ description, helpValue: 'FILE' }) }
}

/** What `--key` means where nothing but the table is used. */
export const TABLE_ONLY = 'this checks its table, contents are not read: verify reads them'

/** Flag of commands that take a delta as if it were whole. */
export const baseFlag = {
  base: repeatable({
    description: 'bundle that a delta builds on; its blobs are taken too (repeatable)',
    helpValue: 'FILE',
  }),
}

/** Flags of every command that makes a lock or a bundle: which of several that follow each other it is. */
export const editionFlags = {
  'set-name': Flags.string({
    description: 'the set that this is an edition of; default: as in the lock, or images',
    helpValue: 'NAME',
    parse: async (text) => setName(text),
  }),
  number: Flags.integer({
    description:
      'its number in the set, which only grows; default: as in the lock; of a new lock one more than the one it replaces',
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    helpValue: 'NUMBER',
  }),
}

/** @throws {ExpectedError} USAGE */
function setName(text: string): string {
  if (isSetName(text)) return text
  throw new ExpectedError('USAGE', `not a name for a set: ${JSON.stringify(text)}`, {
    hint: 'Take letters a-z, digits and -, at most 63, such as shop.',
  })
}

/** The page that a command also writes. */
export const pageFlags = {
  html: Flags.string({ description: 'also write one self-contained page', helpValue: 'FILE' }),
  force: Flags.boolean({
    description: 'let the page replace a file that is no page of nodeseed',
    dependsOn: ['html'],
  }),
}
