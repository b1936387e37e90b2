import { crc32 } from 'node:zlib'
import { type OpenAt, readRuns } from './follow/followed-tokens.ts'
import type { Forecaster } from './forecast/forecaster.ts'
import { MATCH_POLICIES } from './forecast/match-policy.ts'
import { Forecast } from './forecast/token-forecast.ts'
import { BitReader, BitWriter, type Pull } from './stream/bits.ts'
import { readDynamicCodes } from './stream/code-lengths.ts'
import type { HuffmanCode } from './stream/huffman.ts'
import { FIXED } from './stream/inflate.ts'
import { NotDeflate } from './stream/not-deflate.ts'
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  DISTANCE_SYMBOL,
  END_OF_BLOCK,
  LENGTH_BASE,
  LENGTH_EXTRA,
  LENGTH_SYMBOL,
} from './stream/symbols.ts'
import { VarintReader } from './stream/varints.ts'

const PIECE = 256 * 1024
/** Of a block: what no writer comes near, so that a wrong description ends. */
const MAX_FLUSHES = 2 ** 24

/**
 * The bytes of a gzip file again, from its description and its text, piece by piece. Whoever takes them compares their
 * digest: a description that fits another text gives other bytes.
 *
 * @param pull the text
 * @param open the file whose tokens were followed when it was described
 * @throws {NotDeflate} for a description that no gzip file has, or that does not fit the text
 */
export function* rebuildGzip(description: Uint8Array, pull: Pull, open?: OpenAt): Generator<Uint8Array, void> {
  const reader = new VarintReader(description)
  const name = new TextDecoder().decode(reader.bytes())
  const policy = MATCH_POLICIES.find((known) => known.name === name)
  if (!policy) throw new NotDeflate('a description of a writer that is not known here')
  const members: VarintReader[] = []
  for (let left = reader.number(); left > 0; left--) members.push(new VarintReader(reader.bytes()))
  const surprises = new VarintReader(reader.bytes())
  const runs = readRuns(new VarintReader(reader.bytes()))
  if (runs.length > 0 && !open) throw new NotDeflate('a description that follows another file')
  const forecast = new Forecast(policy, surprises, open && { runs, open })
  const { matcher } = forecast
  const text = new MemberText(matcher, pull)
  const out = new BitWriter()
  for (const member of members) {
    out.bytes(member.bytes())
    const length = member.number()
    const limits = readLimits(member, matcher.position, length)
    text.begin(length)
    yield* writeBlocks(new VarintReader(member.bytes()), { forecast, text, limits, out })
    if (text.left > 0) throw new NotDeflate('a description of less text than there is')
    out.align()
    writeWord(out, text.checksum)
    writeWord(out, length % 2 ** 32)
    yield out.take()
    matcher.restart()
  }
  if (!text.atEnd) throw new NotDeflate('a description of less text than there is')
}

/** Where the writer was flushed, and at last the end. */
function readLimits(member: VarintReader, start: number, length: number): number[] {
  const count = member.number()
  if (count > MAX_FLUSHES) throw new NotDeflate('a description with more flushes than a file has')
  let at = start
  const flushes = Array.from({ length: count }, () => (at += member.number()))
  return [...flushes, start + length]
}

interface MemberState {
  readonly forecast: Forecast
  readonly text: MemberText
  readonly limits: readonly number[]
  readonly out: BitWriter
}

function* writeBlocks(blocks: VarintReader, { forecast, text, limits, out }: MemberState): Generator<Uint8Array> {
  const { matcher } = forecast
  let flushed = 0
  while (!blocks.atEnd) {
    const [head, count] = [blocks.number(), blocks.number()]
    const kind = head >> 1
    out.write(head & 1, 1)
    out.write(kind, 2)
    matcher.limit = limits[flushed] ?? 0
    if (kind === 0) {
      out.align()
      if (count > 0xffff) throw new NotDeflate('a stored block of over 65,535 bytes')
      out.write(count, 16)
      out.write(count ^ 0xffff, 16)
      out.bytes(text.take(count))
      if (head === 0 && count === 0 && matcher.position === limits[flushed]) flushed++
    } else {
      const codes = kind === 1 ? FIXED : writeCodes(blocks.bytes(), out)
      for (let left = count; left > 0; left--) {
        text.lookAhead()
        writeToken(forecast.next(), codes, out)
        if (out.length >= PIECE) yield out.take()
      }
      out.write(codes.literals.codes[END_OF_BLOCK]!, codes.literals.lengths[END_OF_BLOCK]!)
    }
    if (out.length >= PIECE) yield out.take()
  }
}

interface Codes {
  readonly literals: HuffmanCode
  readonly distances: HuffmanCode
}

function writeCodes(packed: Uint8Array, out: BitWriter): Codes {
  let left: Uint8Array | undefined = packed
  const codes = readDynamicCodes(
    new BitReader(() => {
      const bytes = left
      left = undefined
      return bytes
    }),
  )
  for (let at = 0; at < codes.bits.length; at += 2) out.write(codes.bits[at]!, codes.bits[at + 1]!)
  return codes
}

function writeToken(token: number, { literals, distances }: Codes, out: BitWriter): void {
  const length = token >>> 16
  if (length === 0) {
    out.write(literals.codes[token]!, literals.lengths[token]!)
    return
  }
  const distance = token & 0xffff
  const symbol = LENGTH_SYMBOL[length]!
  out.write(literals.codes[257 + symbol]!, literals.lengths[257 + symbol]!)
  out.write(length - LENGTH_BASE[symbol]!, LENGTH_EXTRA[symbol]!)
  const far = DISTANCE_SYMBOL[distance]!
  out.write(distances.codes[far]!, distances.lengths[far]!)
  out.write(distance - DISTANCE_BASE[far]!, DISTANCE_EXTRA[far]!)
}

function writeWord(out: BitWriter, word: number): void {
  out.write(word & 0xffff, 16)
  out.write(word >>> 16, 16)
}

/** The text of one member after the other, of which the matcher gets as much as it looks ahead. */
class MemberText {
  checksum = 0
  readonly #matcher: Forecaster
  readonly #pull: Pull
  #next: Uint8Array = new Uint8Array()
  #end = 0
  #enoughUntil = 0

  constructor(matcher: Forecaster, pull: Pull) {
    this.#matcher = matcher
    this.#pull = pull
  }

  begin(length: number): void {
    this.checksum = 0
    this.#enoughUntil = 0
    this.#end = this.#matcher.position + length
  }

  get left(): number {
    return this.#end - this.#matcher.position
  }

  get atEnd(): boolean {
    return this.#next.length === 0 && !this.#pull()?.length
  }

  lookAhead(): void {
    const { position, text, lookAhead } = this.#matcher
    if (position < this.#enoughUntil) return
    if (text.end < position + lookAhead && text.end < this.#end) this.#arrive(position + lookAhead)
    this.#enoughUntil = text.end < this.#end ? text.end - lookAhead : this.#end
  }

  /** Text that is stored as it is. */
  take(length: number): Uint8Array {
    const { position, text, lookAhead } = this.#matcher
    this.#arrive(position + length + lookAhead)
    if (position + length > this.#end) throw new NotDeflate('a description of more text than there is')
    const taken = text.bytes.slice(position - text.start, position - text.start + length)
    this.#matcher.skip(length)
    return taken
  }

  #arrive(until: number): void {
    const { position, text } = this.#matcher
    while (text.end < Math.min(until, this.#end)) {
      if (this.#next.length === 0) this.#next = this.#pull() ?? new Uint8Array()
      if (this.#next.length === 0) throw new NotDeflate('a description of more text than there is')
      const part = this.#next.subarray(0, Math.min(this.#end - text.end, PIECE))
      this.checksum = crc32(part, this.checksum)
      text.append(part, position)
      this.#next = this.#next.subarray(part.length)
    }
  }
}
