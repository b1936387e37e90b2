const ALLOC = 2n
const NOBITS = 8

/**
 * A 64-bit little-endian ELF file without what no start reads: symbols and debugging information. For every architecture,
 * where `strip` knows only that of the machine. Source: System V ABI, chapter 4; what a section is, its header says.
 *
 * @throws where the file is none, or a part that is loaded would be lost.
 */
export function strip(file) {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) throw new Error('no 64-bit ELF file')
  const size = file.readUInt16LE(58)
  const start = Number(file.readBigUInt64LE(40))
  const all = Array.from({ length: file.readUInt16LE(60) }, (_, index) =>
    file.subarray(start + index * size, start + (index + 1) * size),
  )
  const names = file.readUInt16LE(62)
  const isLoaded = (header) => (header.readBigUInt64LE(8) & ALLOC) !== 0n
  const kept = all.flatMap((header, index) => (index === 0 || index === names || isLoaded(header) ? [index] : []))
  const loaded = all.filter((header) => isLoaded(header) && header.readUInt32LE(4) !== NOBITS)
  const end = Math.max(...loaded.map(endOf), ...segmentEnds(file))
  const text = file.subarray(offsetOf(all[names]), endOf(all[names]))
  const headersAt = Math.ceil((end + text.length) / 8) * 8

  const head = Buffer.from(file.subarray(0, end))
  head.writeBigUInt64LE(BigInt(headersAt), 40)
  head.writeUInt16LE(kept.length, 60)
  head.writeUInt16LE(kept.indexOf(names), 62)
  const headers = kept.map((index) => {
    const header = Buffer.from(all[index])
    const link = header.readUInt32LE(40)
    if (isLoaded(header) && !kept.includes(link)) throw new Error(`section ${index} needs one that is left out`)
    header.writeUInt32LE(Math.max(0, kept.indexOf(link)), 40)
    if (index === names) header.writeBigUInt64LE(BigInt(end), 24)
    return header
  })
  return Buffer.concat([head, text, Buffer.alloc(headersAt - end - text.length), ...headers])
}

/** Where each segment, which is what is loaded, ends in the file. */
function segmentEnds(file) {
  const [start, size] = [Number(file.readBigUInt64LE(32)), file.readUInt16LE(54)]
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = start + index * size
    return Number(file.readBigUInt64LE(at + 8) + file.readBigUInt64LE(at + 32))
  })
}

function offsetOf(header) {
  return Number(header.readBigUInt64LE(24))
}

function endOf(header) {
  return offsetOf(header) + Number(header.readBigUInt64LE(32))
}
