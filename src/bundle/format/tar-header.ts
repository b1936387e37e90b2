/** Tar works in blocks of this many bytes; a header is one block. */
export const BLOCK = 512
/** What the fields for name, size and checksum can take. Source: POSIX.1-1988, ustar. */
const [NAME_BYTES, OCTAL_SIZE_LIMIT] = [100, 0o77777777777]

/**
 * The header of a file in a bundle: it depends on name and size alone, so that the same content makes the same bytes. A
 * name of over 100 bytes is split at its last slash between the fields `prefix` and `name`; a size of 8 GiB and more is
 * big-endian, as GNU tar writes it. docs/format.md states each field.
 *
 * @throws {RangeError} when a header has no room for the name.
 */
export function encodeHeader(name: string, size: number): Uint8Array {
  const header = Buffer.alloc(BLOCK)
  const { prefix, rest } = splitName(name)
  header.write(rest, 0)
  header.write('000644 \0', 100)
  header.write('000000 \0', 108)
  header.write('000000 \0', 116)
  writeSize(header, size)
  header.write('00000000000 ', 136)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  header.write('000000 \0', 329)
  header.write('000000 \0', 337)
  header.write(prefix, 345)
  header.write(`${octal(checksumOf(header), 6)} \0`, 148)
  return header
}

/** Whether a header has room for the name. */
export function fitsHeader(name: string): boolean {
  const { prefix, rest } = splitName(name)
  return Buffer.byteLength(rest) <= NAME_BYTES && Buffer.byteLength(prefix) <= 155
}

/** The size in bytes that a header says; undefined for what is no number. */
export function sizeInHeader(header: Uint8Array): number | undefined {
  const field = Buffer.from(header).subarray(124, 136)
  if (field[0] === 0x80) {
    const size = field.readBigUInt64BE(4)
    return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : undefined
  }
  const text = field.toString('latin1')
  return /^[0-7]{11} $/.test(text) ? Number.parseInt(text, 8) : undefined
}

/** Bytes of zeros between content of this size and the next header. */
export function paddingAfter(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

/** The sum of all bytes, those of the checksum itself counted as blanks. */
export function checksumOf(header: Uint8Array): number {
  let sum = 8 * 32
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += header[at] ?? 0
  return sum
}

function splitName(name: string): { prefix: string; rest: string } {
  if (Buffer.byteLength(name) <= NAME_BYTES) return { prefix: '', rest: name }
  const slash = name.lastIndexOf('/')
  return { prefix: name.slice(0, Math.max(slash, 0)), rest: name.slice(slash + 1) }
}

function writeSize(header: Buffer, size: number): void {
  if (size <= OCTAL_SIZE_LIMIT) {
    header.write(`${octal(size, 11)} `, 124)
    return
  }
  header[124] = 0x80
  header.writeBigUInt64BE(BigInt(size), 128)
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
