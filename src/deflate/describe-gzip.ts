import { writeRuns } from './follow/followed-tokens.ts'
import { MATCH_POLICIES, type MatchPolicy } from './forecast/match-policy.ts'
import { type Followed, Surprises } from './forecast/token-forecast.ts'
import { BitReader, type Pull } from './stream/bits.ts'
import { packBits } from './stream/code-lengths.ts'
import { type GzipPart, gzipParts } from './stream/gzip-parts.ts'
import type { DeflateBlock } from './stream/inflate.ts'
import { NotDeflate } from './stream/not-deflate.ts'
import { VarintWriter } from './stream/varints.ts'

/** How much text decides which policy is the writer's: first among all, then among those that did well. */
const SAMPLES = [128 * 1024, 1024 * 1024] as const

/** All that a gzip file is besides its text. */
export interface GzipDescription {
  /** Name of the {@link MatchPolicy}. */
  readonly policy: string
  /** What `rebuildGzip` takes: about 100 bytes for 50 KB where the policy is right. */
  readonly bytes: Uint8Array
  /** Tokens that the policy did not foretell, and all. */
  readonly surprises: number
  readonly tokens: number
}

/**
 * Takes a gzip file apart: gives its text, piece by piece, and returns how its writer compressed it, in `limit` bytes at most.
 *
 * @param followed another file that has some of the text, and is there again when this one is rebuilt
 * @throws {NotDeflate} for what is no gzip, is damaged, or was written in a way that cannot be described
 */
export function* describeGzip(
  pull: Pull,
  { limit = Number.MAX_SAFE_INTEGER, followed }: { limit?: number; followed?: Followed | undefined } = {},
): Generator<Uint8Array, GzipDescription> {
  const parts = gzipParts(new BitReader(pull))
  const sample = sampleOf(parts, SAMPLES[1])
  const writer = new DescriptionWriter(likelyPolicy(sample), followed)
  for (const part of sample) {
    writer.add(part)
    if (part.kind === 'block' && part.block.text.length > 0) yield part.block.text
  }
  for (const part of parts) {
    writer.add(part)
    if (writer.length > limit) throw new NotDeflate('a description that is too long')
    if (part.kind === 'block' && part.block.text.length > 0) yield part.block.text
  }
  return writer.finish()
}

/** Takes parts until they hold this much text. */
function sampleOf(parts: Iterator<GzipPart, void>, size: number): GzipPart[] {
  const sample: GzipPart[] = []
  for (let text = 0; text < size; ) {
    const { value, done } = parts.next()
    if (done) break
    sample.push(value)
    if (value.kind === 'block') text += value.block.text.length
  }
  return sample
}

function likelyPolicy(sample: readonly GzipPart[]): MatchPolicy {
  let candidates = MATCH_POLICIES
  for (const size of SAMPLES) {
    const parts = sampleOf(sample.values() as Iterator<GzipPart, void>, size)
    const judged = candidates.map((policy) => ({ policy, share: shareOfSurprises(policy, parts) }))
    const least = Math.min(...judged.map(({ share }) => share))
    candidates = judged.filter(({ share }) => share <= least * 1.5 + 1e-4).map(({ policy }) => policy)
    // The first of equals: how the list is ordered.
    if (size === SAMPLES.at(-1)) return judged.find(({ share }) => share === least)!.policy
  }
  return candidates[0]!
}

function shareOfSurprises(policy: MatchPolicy, parts: readonly GzipPart[]): number {
  const writer = new DescriptionWriter(policy)
  for (const part of parts) writer.add(part)
  return writer.shareOfSurprises
}

/**
 * Sections, each with its length before it: policy and members, surprises, then runs that are followed. Of a member: its header, length of its
 * text, where it was flushed, then its blocks. Of a block: kind and whether it is the last, its tokens or bytes, the bits
 * that gave its codes.
 */
class DescriptionWriter {
  readonly #policy: MatchPolicy
  readonly #followed: Followed | undefined
  readonly #members: Uint8Array[] = []
  readonly #surprises: Surprises
  readonly #noted = new VarintWriter()
  readonly #waiting: { block: DeflateBlock; end: number }[] = []
  #header = new Uint8Array()
  #blocks = new VarintWriter()
  #flushes: number[] = []
  #start = 0
  #end = 0
  #tokens = 0
  #described = 0

  constructor(policy: MatchPolicy, followed?: Followed) {
    this.#policy = policy
    this.#followed = followed
    this.#surprises = new Surprises(policy, this.#noted, followed)
  }

  /** Of the tokens that were compared so far. */
  get shareOfSurprises(): number {
    return this.#tokens === 0 ? 1 : this.#surprises.count / this.#tokens
  }

  /** Bytes of the description so far, about. */
  get length(): number {
    return this.#described + this.#blocks.length + this.#noted.length
  }

  add(part: GzipPart): void {
    if (part.kind === 'block') this.#block(part.block)
    else if (part.kind === 'end') this.#endMember()
    else this.#header = part.bytes as Uint8Array<ArrayBuffer>
  }

  finish(): GzipDescription {
    this.#surprises.finish()
    const out = new VarintWriter()
    out.bytes(new TextEncoder().encode(this.#policy.name))
    out.number(this.#members.length)
    for (const member of this.#members) out.bytes(member)
    out.bytes(this.#noted.finish())
    const runs = new VarintWriter()
    if (this.#policy.kind === 'chain') writeRuns(this.#followed?.runs ?? [], runs)
    out.bytes(runs.finish())
    return {
      policy: this.#policy.name,
      bytes: out.finish(),
      surprises: this.#surprises.count,
      tokens: this.#tokens,
    }
  }

  #block(block: DeflateBlock): void {
    const { matcher } = this.#surprises
    matcher.text.append(block.text, matcher.position)
    this.#end += block.text.length
    this.#waiting.push({ block, end: this.#end })
    this.#layOut(block)
    // An empty stored block is how a writer is flushed: it saw nothing of what came later.
    if (block.kind === 'stored' && block.text.length === 0 && !block.isLast) {
      if (this.#flushes.at(-1) !== this.#end) this.#flushes.push(this.#end)
      this.#note(this.#end)
    } else {
      this.#note(this.#end - matcher.lookAhead)
    }
  }

  #layOut(block: DeflateBlock): void {
    const kind = block.kind === 'stored' ? 0 : block.kind === 'fixed' ? 1 : 2
    this.#blocks.number(kind * 2 + (block.isLast ? 1 : 0))
    this.#blocks.number(block.kind === 'stored' ? block.text.length : block.tokens.length)
    if (block.kind === 'dynamic') this.#blocks.bytes(packBits(block.codes!.bits))
  }

  #endMember(): void {
    this.#flushes.push(this.#end)
    this.#note(this.#end)
    const out = new VarintWriter()
    out.bytes(this.#header)
    out.number(this.#end - this.#start)
    out.number(this.#flushes.length - 1)
    let before = this.#start
    for (const flush of this.#flushes.slice(0, -1)) {
      out.number(flush - before)
      before = flush
    }
    out.bytes(this.#blocks.finish())
    const member = out.finish()
    this.#members.push(member)
    this.#described += member.length
    this.#blocks = new VarintWriter()
    this.#flushes = []
    this.#start = this.#end
    this.#surprises.matcher.restart()
  }

  /** Compares the blocks that end here or before with the forecast. */
  #note(end: number): void {
    const { matcher } = this.#surprises
    while (this.#waiting.length > 0 && this.#waiting[0]!.end <= end) {
      const { block, end: blockEnd } = this.#waiting.shift()!
      matcher.limit = this.#flushes.find((flush) => flush >= blockEnd) ?? Number.MAX_SAFE_INTEGER
      if (block.kind === 'stored') {
        matcher.skip(block.text.length)
      } else {
        this.#surprises.note(block.tokens)
        this.#tokens += block.tokens.length
      }
    }
  }
}
