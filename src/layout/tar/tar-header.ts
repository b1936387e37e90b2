import { checksumOf } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'

/** What a header block says about the entry behind it. */
export interface TarHeader {
  readonly name: string
  /** Bytes of content, before the padding to a whole block. */
  readonly size: number
  readonly type: 'file' | 'directory' | 'link' | 'symlink' | 'pax' | 'global-pax' | 'long-name' | 'long-link' | 'other'
  /** What it is to people, where that is neither a file nor a directory nor a link. */
  readonly what: string
  /** Whether more of the header follows it, as with GNU's sparse files. */
  readonly goesOn: boolean
  /** Of a link: what it says to lead to. */
  readonly target: string
}

/**
 * Reads a header block; undefined for a block of zeros, which ends an archive.
 *
 * @throws {ExpectedError} BUNDLE_INVALID with only the reason: the caller knows file and place.
 */
export function decodeHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  if (readOctal(block, 148, 8) !== checksumOf(block)) throw invalid('not a tar header, or a damaged one')
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? readText(block, 345, 155) : ''
  const name = readText(block, 0, 100)
  const flag = String.fromCharCode(block[156] ?? 0)
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: readSize(block),
    type: TYPES[flag] ?? 'other',
    what: OTHERS[flag] ?? `an entry of type ${JSON.stringify(flag)}`,
    goesOn: flag === 'S' && block[482] === 1,
    target: readText(block, 157, 100),
  }
}

/** Whether a block is a header of any tar, also one of before `ustar`. */
export function isHeader(block: Buffer): boolean {
  const sum = readText(block, 148, 8).trim()
  return block[0] !== 0 && /^[0-7]+$/.test(sum) && Number.parseInt(sum, 8) === checksumOf(block)
}

const TYPES: Record<string, TarHeader['type']> = {
  '\0': 'file',
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '5': 'directory',
  x: 'pax',
  g: 'global-pax',
  L: 'long-name',
  K: 'long-link',
}

const OTHERS: Record<string, string> = {
  '3': 'a device',
  '4': 'a device',
  '6': 'a named pipe',
  D: 'a list of a directory',
  M: 'a part of a file that began in another archive',
  S: 'a sparse file',
  V: 'the label of the archive',
}

/** Octal digits, or with the top bit set a big-endian number: GNU's form for 8 GiB and more. */
function readSize(block: Buffer): number {
  const first = block[124] ?? 0
  if (first < 0x80) return readOctal(block, 124, 12)
  if (first !== 0x80 || block.readUInt32BE(124) !== 0x80000000) throw invalid('an entry size beyond all bounds')
  const size = block.readBigUInt64BE(128)
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('an entry size beyond all bounds')
  return Number(size)
}

function readOctal(block: Buffer, start: number, length: number): number {
  const text = readText(block, start, length).trim()
  if (!/^[0-7]+$/.test(text)) throw invalid('not a tar header, or a damaged one')
  return Number.parseInt(text, 8)
}

function readText(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? length : end)
}

function invalid(reason: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', reason)
}
