import { BLOCK, encodeHeader } from '../../src/bundle/format/tar-header.ts'

/** Numbers that look random and are the same for one seed. Source: mulberry32. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** From 0 up to and without `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
}

/** A file of a tar: its header and content, with padding. */
interface Member {
  readonly at: number
  readonly end: number
  readonly name: string
}

type Mutation = (bytes: Buffer, members: readonly Member[], dice: Dice) => Buffer

const NAMES = [
  'nodeseed/seed.sh',
  'index.json',
  'nodeseed/names.txt',
  'manifest.json',
  'oci-layout',
  'nodeseed/bundle.json',
]
const SPELLINGS = ['', '/', './', '../', '//', 'x/../']
const TYPES = ['0', '\0', '1', '2', '3', '4', '5', '6', '7', 'g', 'x', 'L', 'K', 'S', 'D', 'M', 'V', 'N', 'X', 'A', 'Z']
const PAX = [
  'path=',
  'GNU.sparse.name=',
  'GNU.sparse.realsize=',
  'size=',
  'linkpath=',
  'GNU.sparse.major=1',
  'hdrcharset=',
  'SCHILY.realsize=',
]

/** What somebody may do to a tar, from one byte to whole members, always with headers whose checksums are right. */
const MUTATIONS: Record<string, Mutation> = {
  byte(bytes, _, dice) {
    const changed = Buffer.from(bytes)
    changed[dice.below(bytes.length)]! ^= 1 << dice.below(8)
    return changed
  },
  'byte of a header'(bytes, members, dice) {
    const { at } = dice.of(members)
    const header = Buffer.from(bytes.subarray(at, at + BLOCK))
    header[dice.below(BLOCK)] = dice.below(256)
    return splice(bytes, at, BLOCK, withChecksum(header))
  },
  'field of a header'(bytes, members, dice) {
    const { at } = dice.of(members)
    const header = Buffer.from(bytes.subarray(at, at + BLOCK))
    dice.of(FIELDS)(header, dice)
    return splice(bytes, at, BLOCK, withChecksum(header))
  },
  'member added': (bytes, members, dice) => splice(bytes, boundary(bytes, members, dice), 0, newMember(dice)),
  'extension added': (bytes, members, dice) => splice(bytes, boundary(bytes, members, dice), 0, extension(dice)),
  'extension and member': (bytes, members, dice) =>
    splice(bytes, boundary(bytes, members, dice), 0, Buffer.concat([extension(dice), newMember(dice)])),
  'zeros added': (bytes, members, dice) =>
    splice(bytes, boundary(bytes, members, dice), 0, Buffer.alloc(BLOCK * (1 + dice.below(3)))),
  'member twice'(bytes, members, dice) {
    const { at, end } = dice.of(members)
    return splice(bytes, boundary(bytes, members, dice), 0, bytes.subarray(at, end))
  },
  'member moved'(bytes, members, dice) {
    const { at, end } = dice.of(members)
    const to = boundary(bytes, members, dice)
    const rest = splice(bytes, at, end - at, Buffer.alloc(0))
    return splice(rest, to > at ? Math.max(to - (end - at), 0) : to, 0, bytes.subarray(at, end))
  },
  'member gone'(bytes, members, dice) {
    const { at, end } = dice.of(members)
    return splice(bytes, at, end - at, Buffer.alloc(0))
  },
  'members exchanged'(bytes, members, dice) {
    const [a, b] = [dice.of(members), dice.of(members)].sort((one, other) => one.at - other.at)
    if (!a || !b || a === b) return bytes
    const parts = [bytes.subarray(0, a.at), bytes.subarray(b.at, b.end), bytes.subarray(a.end, b.at)]
    return Buffer.concat([...parts, bytes.subarray(a.at, a.end), bytes.subarray(b.end)])
  },
  'cut off': (bytes, _, dice) =>
    bytes.subarray(0, dice.below(2) ? dice.below(bytes.length) : bytes.length - 512 * dice.below(4)),
  'longer end': (bytes, _, dice) =>
    Buffer.concat([bytes, dice.below(2) ? Buffer.alloc(dice.below(20480)) : newMember(dice)]),
  'another archive behind': (bytes) => Buffer.concat([bytes, bytes]),
  'another archive in front': (bytes, _, dice) =>
    Buffer.concat([newMember(dice), dice.below(2) ? Buffer.alloc(1024) : Buffer.alloc(0), bytes]),
  'content of a member'(bytes, members, dice) {
    const { at, end } = dice.of(members)
    if (end - at <= BLOCK) return bytes
    const text = dice.of(['{"digest"', '#!/bin/sh', '\n', ' ', '"', '}', '0', 'sha256:'])
    return splice(bytes, at + BLOCK + dice.below(end - at - BLOCK), text.length, Buffer.from(text)).subarray(
      0,
      bytes.length,
    )
  },
}

const FIELDS: ((header: Buffer, dice: Dice) => void)[] = [
  (header, dice) => write(header, 0, 100, dice.of(SPELLINGS) + dice.of(NAMES) + dice.of(['', '/', '\0x', ' '])),
  (header, dice) => write(header, 345, 155, dice.of(['.', 'nodeseed', 'x', '..', ''])),
  (header, dice) => write(header, 100, 8, dice.of(['0000755\0', '000755 \0', '0000644\0', '644\0'])),
  (header, dice) => write(header, 108, 8, dice.of(['0000001\0', '0000000\0', '       \0', ''])),
  (header, dice) =>
    write(header, 124, 12, dice.of(['00000000000\0', '77777777777 ', '0 ', '-1 ', '0x10 ', ' 000000100 '])),
  (header, dice) => {
    header.fill(0, 124, 136)
    header[124] = dice.of([0x80, 0xff, 0x81])
    header.writeUInt32BE(dice.below(4096), 132)
  },
  (header, dice) => write(header, 136, 12, dice.of(['00000000001 ', '00000000000\0', ''])),
  (header, dice) => write(header, 156, 1, dice.of(TYPES)),
  (header, dice) => write(header, 157, 100, dice.of(NAMES)),
  (header, dice) => write(header, 257, 8, dice.of(['ustar  \0', 'ustar\x0000', '', 'ustar\x0001', 'USTAR\x0000'])),
  (header, dice) => write(header, 265, 32, dice.of(['root', 'nobody'])),
  (header, dice) => write(header, 329, 16, dice.of(['', '0000001\x000000001\0'])),
]

/** A mutant of a tar, and what was done. It may be the same bytes. */
export function mutate(bytes: Buffer, dice: Dice): { mutant: Buffer; how: string } {
  let mutant = bytes
  const how: string[] = []
  for (let steps = 1 + dice.below(4) * dice.below(2); steps > 0; steps--) {
    const kind = dice.of(Object.keys(MUTATIONS))
    const members = membersOf(mutant)
    if (members.length === 0) break
    mutant = MUTATIONS[kind]!(mutant, members, dice)
    how.push(kind)
  }
  return { mutant, how: how.join(', ') }
}

function membersOf(bytes: Buffer): Member[] {
  const members: Member[] = []
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8)
    if (!(size >= 0)) break
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK
    members.push({ at, end: Math.min(end, bytes.length), name: bytes.toString('latin1', at, bytes.indexOf(0, at)) })
    at = end
  }
  return members
}

/** A place between two members, before the first, or behind the last. */
function boundary(bytes: Buffer, members: readonly Member[], dice: Dice): number {
  const places = [0, ...members.map(({ end }) => end), bytes.length]
  return dice.of(places)
}

function newMember(dice: Dice): Buffer {
  const content = dice.of(['', '#!/bin/sh\necho evil\n', '{"schemaVersion":2,"manifests":[]}\n', 'x'.repeat(600)])
  const header = Buffer.from(encodeHeader(dice.of(NAMES), content.length))
  if (dice.below(2)) dice.of(FIELDS)(header, dice)
  return Buffer.concat([withChecksum(header), padded(content)])
}

function extension(dice: Dice): Buffer {
  const type = dice.of(['x', 'g', 'L', 'K', 'X'])
  const value = dice.of(NAMES)
  const record = dice.of(PAX) + value
  const content = 'LK'.includes(type) ? `${value}\0` : `${record.length + 4} ${record}\n`
  const header = Buffer.from(
    encodeHeader(dice.of(['././@LongLink', 'pax_global_header', 'PaxHeader/x', '']), content.length),
  )
  header.write(type, 156)
  return Buffer.concat([withChecksum(header), padded(content)])
}

function padded(content: string): Buffer {
  return Buffer.concat([Buffer.from(content), Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)])
}

function write(header: Buffer, at: number, length: number, text: string): void {
  header.fill(0, at, at + length)
  header.write(text, at, length, 'latin1')
}

function withChecksum(header: Buffer): Buffer {
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1')
  return header
}

function splice(bytes: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)])
}
